//! The program.

fn main() -> std::process::ExitCode {
    accession::cli::run()
}
