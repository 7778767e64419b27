//! Signing a person in, over real sockets, with tests in the browser's place.

mod answers;
mod ends;
mod person;
mod strangers;
