//! Text in columns: words to the left, numbers to the right.

/// Returns the lines of `rows` below `head`, without line ends. A column in which every cell is a
/// number, or `-`, goes to the right.
#[must_use]
pub fn columns<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or_default()
    };
    let is_number = |column: usize| {
        let number = |cell: &str| cell == "-" || cell.bytes().all(|byte| byte.is_ascii_digit());
        rows.iter().all(|row| number(&row[column])) && rows.iter().any(|row| row[column] != "-")
    };
    let columns: [_; N] = std::array::from_fn(|column| (width(column), is_number(column)));
    let line = |cells: [&str; N]| {
        let mut text = String::new();
        for (cell, (width, right)) in cells.iter().zip(columns) {
            text += &if right { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
        }
        text.truncate(text.trim_end().len());
        text
    };
    let body = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(head)).chain(body).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_left_and_numbers_right_and_lines_end_with_their_text() {
        let rows = [["äöü", "7", "-", ""], ["a", "1000", "-", "c"], ["b", "-", "-", "long"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(
            columns(["A", "BB", "C", "D"], &rows),
            ["A      BB  C  D", "äöü     7  -", "a    1000  -  c", "b       -  -  long"]
        );
    }
}
