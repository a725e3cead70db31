//! What is asked, as data. Ids are whatever the caller uses for them.

/// What the speaker keeps to themselves, without its private parts: they are gone when it is made, so no provider sees
/// them. Private is a line that starts with `!private`, and everything between `<private>` and `</private>` (to the end
/// where it is not closed).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AssistantNotes(String);

impl AssistantNotes {
    pub fn new(text: &str) -> Self {
        let mut public = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = find_tag(rest, "<private>") {
            public.push_str(&rest[..start]);
            let hidden = &rest[start..];
            rest = find_tag(hidden, "</private>").map_or("", |end| &hidden[end + "</private>".len()..]);
        }
        public.push_str(rest);
        let lines = public.lines().filter(|line| !is_private(line));
        Self(lines.collect::<Vec<_>>().join("\n").trim().to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for AssistantNotes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Notes({} bytes)", self.0.len())
    }
}

fn is_private(line: &str) -> bool {
    let line = line.trim_start().as_bytes();
    line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"!private"))
}

/// Tags are ASCII, so whatever the case of their letters, they are as long as they look.
fn find_tag(text: &str, tag: &str) -> Option<usize> {
    text.as_bytes().windows(tag.len()).position(|window| window.eq_ignore_ascii_case(tag.as_bytes()))
}

/// A slide, or whatever else is shown: an id that citations carry, a label (its title or question), its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlideText {
    pub id: String,
    pub label: String,
    pub text: String,
}

/// What an answer may be taken from.
#[derive(Clone, Debug, Default)]
pub struct TalkContext {
    pub title: String,
    pub notes: AssistantNotes,
    pub slides: Vec<SlideText>,
}

/// An earlier question of the same participant and what it was answered.
#[derive(Clone, Debug, Default)]
pub struct EarlierExchange {
    pub question: String,
    pub answer: String,
}

#[derive(Clone, Debug, Default)]
pub struct QuestionContext {
    pub talk: TalkContext,
    /// The id of the slide that is shown.
    pub current_slide: Option<String>,
    /// Oldest first; the last ones are looked at.
    pub earlier: Vec<EarlierExchange>,
    pub text: String,
}

/// What an audience wrote or chose on a slide.
#[derive(Clone, Debug, Default)]
pub struct AudienceResponses {
    pub slide: SlideText,
    pub texts: Vec<String>,
    /// Options and their votes, where there was something to choose.
    pub votes: Vec<(String, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_parts_are_gone() {
        let cases = [
            ("Open.\n!private budget is 5\nOpen too.", "Open.\nOpen too."),
            ("Open.\n  !PRIVATE: budget\n", "Open."),
            ("A <private>salary 90k</private> B", "A  B"),
            ("A\n<Private>\nsalary\n</PRIVATE>\nB", "A\n\nB"),
            ("A <private>one</private> B <private>two\nand on", "A  B"),
            ("ă<private>ș</private>ț", "ăț"),
            ("<private><private>a</private>b</private>", "b</private>"),
            ("no private parts", "no private parts"),
        ];
        for (notes, public) in cases {
            assert_eq!(AssistantNotes::new(notes).as_str(), public, "{notes}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_private_is_left(text in "(<private>|</private>|!private|secret|ș|\\n| ){0,30}") {
            let notes = AssistantNotes::new(&format!("<private>{text}<private>hidden"));
            let last = text.rfind("</private>");
            proptest::prop_assert!(!notes.as_str().contains("hidden"));
            if last.is_none() {
                proptest::prop_assert_eq!(notes.as_str(), "");
            }
        }
    }
}
