//! Nothing: the stories and contracts are in `e2e/`, one test binary.
