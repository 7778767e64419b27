//! What every azid shell shares between its callers: the token cache and its flights.
