//! Stop words of English and Romanian, folded by [`fold`](super::fold). Diacritics are removed, because half of those
//! who type Romanian leave them out. Both languages share one list, so the English "care" is a stop word because of the
//! frequent Romanian one.

use std::{collections::HashSet, sync::LazyLock};

/// Words that a question asks with. "When is lunch" is not "where is lunch".
const INTERROGATIVE_WORDS: &str = "
    how what when where which who whom whose why
    ce cand unde cum cine cui cat cata cati cate";

/// Words that change the meaning of a sentence. "Is it safe" is not "is it not safe", "before lunch" is not "after
/// lunch".
const DECIDING_WORDS: &str = "
    no nor not never cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt couldnt hasnt havent
    hadnt without against before after above below under up down more less fewer
    n nu niciodata nici fara inainte dupa deasupra sub";

/// Words without a meaning of their own. `ai` is not in the list, because it is an English word too.
const FILLER_WORDS: &str = "
    a about again all also am an and any are as at be because been being between both but by can could did do does doing
    done during each even ever every few for from further get gets getting got had has have having he her here hers
    herself him himself his i if im in into is it its itself ive just let lets like may me might most much must my
    myself of off on once one only onto or other our ours ourselves out over own please really same shall she should so
    some such than that thats the their theirs them themselves then there theres these they theyre this those though
    through to too until upon us very was we well were weve while will with within would yet you youll your youre yours
    yourself yourselves youve
    aia aici acea aceasta aceea aceeasi acei aceia acel acela acelasi acele acelea acest acesta aceste acestea acestei
    acestia acestor acestui acolo acum adica al ala alaturi ale alea alt alta altceva altcineva alte altele alti altii
    altul am anume apoi ar are as asa asta astea astfel asupra atare atat atata atatea atatia ati atunci au avea avem
    aveti avut ca cam care careia carora caruia catre ceea cei ceva chiar cu da daca dar dat datorita dau de deci decat
    deja desi despre din dintr dintre doar ea ei el ele era eram este esti eu fi fie fiecare fii fim fiind fiti foarte
    fost fostei ii il im in inapoi inca incat insa intr intre isi iti la le li lor lui ma mai mea mei mele mereu meu mi
    mie mine mult multa multe multi ne noastra noastre noi nostri nostru o oare odata om ori oricare orice oricine
    oricum pana pe pentru peste poate pot prea prin printr putin putina sa sale sau se si sint sunt suntem sunteti ta
    tai tale tau te ti tie tine toata toate tocmai tot toti totul totusi tu un una unei unele uneori unii unor unui unul
    va vi voastra voastre voi vom vor vostri vostru voua vreo vreun";

static FILLER_WORD_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| FILLER_WORDS.split_whitespace().collect());

/// Returns whether a word is left out of clouds and search.
pub(crate) fn is_stop_word(folded: &str) -> bool {
    is_filler_word(folded) || is_interrogative(folded) || is_deciding(folded)
}

/// Returns whether a word is insignificant in a question.
pub(crate) fn is_filler_word(folded: &str) -> bool {
    FILLER_WORD_SET.contains(folded)
}

/// Returns whether a word asks for a time, a place or a reason.
pub(crate) fn is_interrogative(folded: &str) -> bool {
    INTERROGATIVE_WORDS.split_whitespace().any(|word| word == folded)
}

/// Returns whether a word changes the meaning of a sentence.
pub(crate) fn is_deciding(folded: &str) -> bool {
    DECIDING_WORDS.split_whitespace().any(|word| word == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_folded() {
        for word in [FILLER_WORDS, INTERROGATIVE_WORDS, DECIDING_WORDS]
            .iter()
            .flat_map(|list| list.split_whitespace())
        {
            assert_eq!(super::super::fold(word), word);
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
        }
    }
}
