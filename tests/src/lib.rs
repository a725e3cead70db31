//! Empty. The stories and contracts are one test binary in `e2e/`.
