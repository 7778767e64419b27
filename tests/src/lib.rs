//! Tests that reach across the packages of azid.

pub mod fuzz;
