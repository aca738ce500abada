//! Columns of text that line up: words to the left, numbers to the right.

use std::io::{self, Write};

/// Writes `rows` below `head`; a column of which every cell is a number goes to the right.
pub(super) fn write<const N: usize>(
    out: &mut impl Write,
    head: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default()
    };
    let is_number = |column: usize| {
        rows.iter().all(|row| row[column].bytes().all(|byte| byte.is_ascii_digit()))
    };
    let columns: [_; N] = std::array::from_fn(|column| (width(column), is_number(column)));
    let mut line = |cells: [&str; N]| {
        let mut text = String::new();
        for (cell, (width, right)) in cells.iter().zip(columns) {
            text += &if right { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
        }
        writeln!(out, "{}", text.trim_end())
    };
    line(head)?;
    rows.iter().try_for_each(|row| line(row.each_ref().map(String::as_str)))
}
