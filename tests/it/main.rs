//! The one test program: a folder for each capability.
