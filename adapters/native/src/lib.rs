//! What azid hosts on an operating system share: environment, clock, seed, files, TLS.
