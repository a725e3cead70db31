//! Matches `*` and `?` in names and ARNs.

use std::str::Chars;

/// Returns true if a text matches a pattern. `*` matches any characters, and `?` matches one character.
pub(super) fn matches_pattern(pattern: &str, text: &str) -> bool {
    let mut wanted = pattern.chars();
    let mut given = text.chars();
    // the pattern after the last `*`, and the text from the first character that the `*` has not matched
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        match (wanted.clone().next(), given.clone().next()) {
            (Some('*'), _) => {
                wanted.next();
                star = Some((wanted.clone(), given.clone()));
            }
            (None, None) => return true,
            (Some(one), Some(other)) if one == '?' || one == other => {
                wanted.next();
                given.next();
            }
            _ => {
                let Some((after, left)) = &mut star else { return false };
                if left.next().is_none() {
                    return false;
                }
                (wanted, given) = (after.clone(), left.clone());
            }
        }
    }
}

/// Returns true if an action matches a pattern. Actions have no case.
pub(super) fn matches_action(pattern: &str, action: &str) -> bool {
    matches_pattern(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

/// Returns true if `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE` matches a pattern. A `*` ends with its segment. Only
/// the resource may contain more colons.
pub(super) fn matches_arn(pattern: &str, arn: &str) -> bool {
    pattern == "*" || segments(pattern).eq(segments(arn)) || {
        let (wanted, given): (Vec<_>, Vec<_>) = (segments(pattern).collect(), segments(arn).collect());
        wanted.len() == given.len()
            && wanted.iter().zip(given).all(|(wanted, given)| matches_pattern(wanted, given))
    }
}

/// Returns true if the text has the form of a policy's resource.
pub(super) fn is_arn_pattern(pattern: &str) -> bool {
    pattern == "*" || (pattern.starts_with("arn:") && segments(pattern).count() == SEGMENTS)
}

const SEGMENTS: usize = 6;

fn segments(arn: &str) -> impl Iterator<Item = &str> {
    arn.splitn(SEGMENTS, ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "a#b"),
            ("USER#*", "USER#1"),
            ("USER#*", "USER#"),
            ("a*b*c", "abbbc"),
            ("a*b*c", "axbxbxc"),
            ("*#1", "USER#1#1"),
            ("??", "ab"),
            ("a?c", "aéc"),
            ("**a", "a"),
            ("a*", "a*"),
        ] {
            assert!(matches_pattern(pattern, text), "{pattern:?} {text:?}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("?", ""),
            ("USER#*", "USER"),
            ("USER#*", "user#1"),
            ("USER#*", "XUSER#1"),
            ("a*b*c", "acb"),
            ("*a", "ab"),
            ("a?c", "ac"),
            ("USER", "USER#"),
        ] {
            assert!(!matches_pattern(pattern, text), "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn actions_have_no_case() {
        assert!(matches_action("DynamoDB:get*", "dynamodb:GetItem"));
        assert!(!matches_action("dynamodb:get*", "dynamodb:PutItem"));
    }

    #[test]
    fn a_star_stays_in_its_segment() {
        let table = "arn:aws:dynamodb:us-east-1:000000000000:table/Table";
        for pattern in ["*", table, "arn:*:dynamodb:*:*:table/T*", "arn:aws:dynamodb:us-east-?:*:*"] {
            assert!(matches_arn(pattern, table), "{pattern}");
        }
        for pattern in [
            "arn:aws:dynamodb:us-east-1:000000000000:table/Table/index/*",
            "arn:aws:dynamodb:*:table/Table",
            "arn:aws:*",
            "arn:aws:sqs:*:*:*",
        ] {
            assert!(!matches_arn(pattern, table), "{pattern}");
        }
        assert!(matches_arn("arn:aws:lambda:*:*:function:*", "arn:aws:lambda:r:a:function:f:1"));
        assert!(
            is_arn_pattern("*")
                && is_arn_pattern(table)
                && !is_arn_pattern("arn:aws:sqs:*")
                && !is_arn_pattern("Table")
        );
    }
}
