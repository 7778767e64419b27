//! Microsoft Entra tokens without the IO: credentials, the run that drives them, the token table.
