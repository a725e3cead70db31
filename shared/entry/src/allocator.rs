//! The allocator of every binary that contains functions. It is set here, because each of the binaries would have to repeat it.
//!
//! The system's allocator took a fifth of the time of a small request, and its threads waited for each other. FIGURES
//! has the measurement.

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
