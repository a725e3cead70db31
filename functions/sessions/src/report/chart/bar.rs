/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarTone {
    Plain,
    /// What most chose.
    Top,
    /// Of a quiz.
    Right,
    Wrong,
}

/// A bar of so many percent. What it shows stands beside it in the table, so it is silent for those who listen.
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
