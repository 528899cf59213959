//! The program.

/// Import and export make and drop millions of small values; this allocator takes a tenth of the time off them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    accession::cli::run()
}
