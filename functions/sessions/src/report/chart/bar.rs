/// What a bar stands for. It decides the color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarTone {
    Plain,
    /// The option with the most votes.
    Top,
    /// The correct option of a quiz.
    Right,
    /// A wrong option of a quiz.
    Wrong,
}

/// Draws a bar of this many percent. The table has the same number as text, so the bar is hidden from screen readers.
pub fn bar(percent: f64, tone: BarTone) -> String {
    let tone = match tone {
        BarTone::Plain => "plain",
        BarTone::Top => "top",
        BarTone::Right => "right",
        BarTone::Wrong => "wrong",
    };
    let percent = percent.clamp(0.0, 100.0);
    format!(
        r#"<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"/><rect class="{tone}" width="{percent:.1}" height="10"/></svg>"#
    )
}
