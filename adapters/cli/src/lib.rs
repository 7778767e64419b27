//! The command azid: tokens at the prompt, and an emulator of Microsoft Entra.
