//! What plugins say, made fit to be shown: they may write control characters, and as much as they like.

/// Longest text of a plugin in a message.
const LONGEST: usize = 2000;

/// One line without control characters (a terminal would obey them), cut where it is too long.
pub(super) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() || is_steering(c) { ' ' } else { c }).collect();
    let mut line = plain.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.len() > LONGEST {
        line.truncate(line.floor_char_boundary(LONGEST));
        line.push('…');
    }
    line
}

/// Characters that turn the direction of text, or cannot be seen: they make a line look like another one.
fn is_steering(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A count of bytes, for people.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) if count.is_multiple_of(*size) => format!("{} {unit}", count / size),
        Some((size, unit)) => format!("{}.{} {unit}", count / size, (count % size) * 10 / size),
        None => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        assert_eq!(one_line("\u{1b}[31mred\u{7}\n\n  two\u{202e}x"), "[31mred two x");
        assert_eq!(one_line(&"é".repeat(3000)).chars().count(), LONGEST / 2 + 1);
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(bytes(12), "12 bytes");
        assert_eq!(bytes(16 << 20), "16 MiB");
        assert_eq!(bytes((1 << 20) + (1 << 19)), "1.5 MiB");
    }
}
