//! `tidegate top`.
