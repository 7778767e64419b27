//! Pure models of Microsoft Entra and the Azure identity endpoints, and a loopback server for them.
