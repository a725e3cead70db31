//! The input of the assistant. The caller chooses the ids.

/// The speaker's notes without their private parts, which are removed when the value is made, so that no provider sees
/// them. A line that starts with `!private` is private. So is the text between `<private>` and `</private>`, or up to
/// the end if the tag is not closed.
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
        write!(f, "AssistantNotes({} bytes)", self.0.len())
    }
}

fn is_private(line: &str) -> bool {
    let line = line.trim_start().as_bytes();
    line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"!private"))
}

/// Finds a tag regardless of case. Tags are ASCII, so their length does not depend on case.
fn find_tag(text: &str, tag: &str) -> Option<usize> {
    text.as_bytes().windows(tag.len()).position(|window| window.eq_ignore_ascii_case(tag.as_bytes()))
}

/// A slide with its id for citations, its label (its title or question) and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlideText {
    pub id: String,
    pub label: String,
    pub text: String,
}

/// The talk from which an answer is taken.
#[derive(Clone, Debug, Default)]
pub struct TalkContext {
    pub title: String,
    pub notes: AssistantNotes,
    pub slides: Vec<SlideText>,
}

/// An earlier question of the same participant and its answer.
#[derive(Clone, Debug, Default)]
pub struct EarlierExchange {
    pub question: String,
    pub answer: String,
}

/// A question with its context.
#[derive(Clone, Debug, Default)]
pub struct QuestionContext {
    pub talk: TalkContext,
    /// The id of the current slide.
    pub current_slide: Option<String>,
    /// Earlier exchanges, oldest first. Only the last ones are used.
    pub earlier: Vec<EarlierExchange>,
    pub text: String,
}

/// The responses of an audience to a slide.
#[derive(Clone, Debug, Default)]
pub struct AudienceResponses {
    pub slide: SlideText,
    pub texts: Vec<String>,
    /// The options and their votes. The list is empty for free-text questions.
    pub votes: Vec<(String, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_parts_are_removed() {
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
        fn no_private_part_is_left(text in "(<private>|</private>|!private|secret|ș|\\n| ){0,30}") {
            let notes = AssistantNotes::new(&format!("<private>{text}<private>hidden"));
            let last = text.rfind("</private>");
            proptest::prop_assert!(!notes.as_str().contains("hidden"));
            if last.is_none() {
                proptest::prop_assert_eq!(notes.as_str(), "");
            }
        }
    }
}
