//! Splits text of any script into sentences and significant words.

use unicode_segmentation::UnicodeSegmentation;

/// Small words of English, and words of questions and greetings.
pub(crate) const ENGLISH: &str = "\
    a about after again all also am an and any are as at be because been before being but by can could \
    did do does doing don't during each every explain few for from get give go had has have he hello her \
    here him his how i i'm if in into is it it's its just know let like long make many may me might more \
    most much must my need no nor not of off often on one only or other our out over please said same \
    say she should so some such tell than thank thanks that that's the their them then there there's \
    these they this those to too under up us use used uses using very want was we we're were what what's \
    when where which while who whom whose why will with would you you're your";

/// Small words of Romanian without diacritics, in the form that [`words`] returns.
pub(crate) const ROMANIAN: &str = "\
    acea aceasta aceea aceia acel acela acele acest acesta aceste acestea acestei acestor acestui acolo \
    acum adica ai aia aici al ale alt alta alte altii am ar are as asa asta astea ati atunci au avea \
    avem aveti azi buna ca cand care cat cata cate cati catre ce cea cei cel cele celor chiar cine cu \
    cui cum da daca dar de deci deja despre din dintre doar doresc dupa ea ei el ele era este eu explica \
    fara fi fie fiecare fii folosesc foloseste folosim folositi fost iar il imi in inca intr intre isi \
    iti la le li lor lui ma mai mea mei mele mereu meu mi mult multa multe multi multumesc ne nici niste \
    noastra noi nostru nu o ori orice pe pentru peste poate poti prea prin putea putem puteti rog sa sai \
    sale salut sau se si spre spune spuneti sub sunt suntem sunteti ta te tu tuturor un una unde unei \
    unele unii unor unui va vi voi vom vor vrea vreau";

pub(crate) fn contains_word(small_words: &str, word: &str) -> bool {
    small_words.split(' ').any(|small| small == word)
}

/// Returns every word in lower case and without diacritics, because audiences type without them.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.unicode_words().map(fold)
}

/// Returns the significant words.
pub(crate) fn terms(text: &str) -> Vec<String> {
    words(text).filter(|word| !contains_word(ENGLISH, word) && !contains_word(ROMANIAN, word)).collect()
}

pub(crate) fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for letter in word.chars().flat_map(char::to_lowercase) {
        match letter {
            'ă' | 'â' | 'á' | 'à' | 'ä' | 'ã' | 'å' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'í' | 'ì' | 'ï' => folded.push('i'),
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' => folded.push('o'),
            'ú' | 'ù' | 'û' | 'ü' => folded.push('u'),
            'ș' | 'ş' | 'š' => folded.push('s'),
            'ț' | 'ţ' => folded.push('t'),
            'ç' | 'č' => folded.push('c'),
            'ñ' => folded.push('n'),
            'ß' => folded.push_str("ss"),
            '’' => folded.push('\''),
            // combining marks
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(other),
        }
    }
    folded
}

/// Returns the sentences without list signs. A line ends a sentence, because notes are written in lines.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| without_list_sign(line).unicode_sentences()).map(str::trim)
}

/// Removes the bullet, the number or the heading sign of a line.
pub(crate) fn without_list_sign(line: &str) -> &str {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "-*•–—#>".contains(c));
    let number = line.bytes().take_while(u8::is_ascii_digit).count();
    let after = line[number..].strip_prefix(['.', ')']).and_then(|rest| rest.strip_prefix(' '));
    after.filter(|_| (1..=2).contains(&number)).unwrap_or(line).trim()
}

/// Returns the similarity of two words. It is 1 for equal words, and less for words that differ only in their endings
/// (plan and plans, preț and prețul). This much grammar fits all languages that inflect at the end.
pub(crate) fn likeness(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let stem = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let rest_a = a.chars().count() - stem;
    let rest_b = b.chars().count() - stem;
    let short = rest_a.min(rest_b);
    let long = rest_a.max(rest_b);
    if stem >= 4 && short <= 1 && long <= 3 { 0.8 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_significant_words() {
        assert_eq!(terms("What does the Pro plan COST?"), ["pro", "plan", "cost"]);
        assert_eq!(terms("Cât costă abonamentul și ce primești?"), ["costa", "abonamentul", "primesti"]);
        assert_eq!(terms("Cat costa abonamentul si ce primesti?"), ["costa", "abonamentul", "primesti"]);
        assert_eq!(terms("日本語"), ["日", "本", "語"]);
    }

    #[test]
    fn lines_and_full_stops_end_sentences() {
        let text =
            "# Plans\n- The pro plan costs 20.5 euros. Ask for more!\n2. Schools pay nothing\n\n• gata";
        let found: Vec<_> = sentences(text).collect();
        let expected =
            ["Plans", "The pro plan costs 20.5 euros.", "Ask for more!", "Schools pay nothing", "gata"];
        assert_eq!(found, expected);
        assert_eq!(without_list_sign("2026 was good"), "2026 was good");
    }

    #[test]
    fn endings_do_not_make_another_word() {
        for (a, b) in [("plan", "plans"), ("company", "companies"), ("pret", "pretul"), ("carte", "carti")] {
            assert!(likeness(a, b) > 0.5, "{a} {b}");
        }
        for (a, b) in
            [("plan", "plane tree"), ("contract", "contrast"), ("cat", "cats"), ("data", "database")]
        {
            assert!(likeness(a, b) < 0.5, "{a} {b}");
        }
    }
}
