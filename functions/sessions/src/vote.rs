//! An answer to the current slide: the hot path. One write; 0 reads while the instance remembers the moment.

use entry::App;
use model::{
    Error, ErrorCode, FieldError, ParticipantId, ResponseId, SessionId, SlideId, session::SessionStatus,
    slide::AnswerContent,
};
use serde_json::Value;
use store::{
    WriteOutcome,
    sessions::responses::{self, SlideResponse},
};

use crate::{InstanceState, live::SessionSnapshot};

/// A write that took longer than this is marked with the time at which it was done; counts look back as far.
pub const SLOW_WRITE_MS: i64 = 100;

/// An answer as it came in.
#[derive(Debug)]
pub struct VoteSubmission<'a> {
    pub session: SessionId,
    pub slide: SlideId,
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub content: &'a Value,
    /// The client's own order.
    pub seq: Option<i64>,
    /// Milliseconds at which the gateway received it.
    pub received: i64,
}

/// An answer that its slide has accepted.
struct AcceptedVote {
    answer: AnswerContent,
    /// The first one stands.
    is_final: bool,
    /// Whoever answers now has seen what is right.
    is_revealed: bool,
}

/// Stores an answer and has it counted. An answer that came later already lies there: nothing changes, and that is no
/// error — it is the same mind, overtaken by itself. Where the first answer is final, the same one once more is answered
/// with what was stored.
///
/// # Errors
/// `SESSION_NOT_ACTIVE`, `SESSION_ENDED`, `SLIDE_NOT_CURRENT`, `INVALID_CONTENT`, `ALREADY_RESPONDED`, `RESULTS_SHOWN`:
/// nothing was stored.
pub async fn cast_vote(
    app: &App,
    hot: &InstanceState,
    ballot: VoteSubmission<'_>,
) -> Result<SlideResponse, Error> {
    let recent = hot.session_cache.get_cached(app, ballot.session).await?;
    let recent = hot.session_cache.get_at_slide(app, recent, ballot.slide).await?;
    let mut accepted = accept_vote(&recent, ballot.slide, ballot.content);
    if accepted.as_ref().map_or(true, |accepted| accepted.is_revealed) {
        // what is remembered may be old: a vote cast the moment a slide appears always counts
        let fresh = hot.session_cache.get_fresh(app, ballot.session).await?;
        let fresh = hot.session_cache.get_at_slide(app, fresh, ballot.slide).await?;
        accepted = accept_vote(&fresh, ballot.slide, ballot.content);
    }
    let AcceptedVote { answer, is_final, is_revealed } = accepted?;
    let response = SlideResponse {
        id: ResponseId::derive(ballot.session, ballot.slide, ballot.participant),
        session: ballot.session,
        slide: ballot.slide,
        participant: ballot.participant,
        display_name: ballot.display_name,
        answer,
        seq: ballot.seq,
        received: ballot.received,
        stored: app.clock.millis(),
        hidden: false,
        flagged: false,
    };
    let (response, written) = if is_final {
        store_first_vote(app, hot, response, is_revealed).await?
    } else {
        let written = responses::put(&app.store, &response).await?;
        (response, written)
    };
    if written == WriteOutcome::Applied(()) {
        let now = app.clock.millis();
        if now - response.stored > SLOW_WRITE_MS {
            // the SDK tried again and again: a count in between would take it for old news
            responses::update_stored_at(&app.store, &response, now).await?;
        }
        hot.count_scheduler.schedule_vote_count(app, ballot.session, ballot.slide).await;
    }
    Ok(response)
}

/// Stores the first answer to a slide, unless what is right was shown.
///
/// One from before the results were begun anew is none.
async fn store_first_vote(
    app: &App,
    hot: &InstanceState,
    response: SlideResponse,
    is_revealed: bool,
) -> Result<(SlideResponse, WriteOutcome), Error> {
    let SlideResponse { session, slide, participant, .. } = response;
    if !is_revealed
        && let written @ WriteOutcome::Applied(()) = responses::put_first(&app.store, &response).await?
    {
        return Ok((response, written));
    }
    // what is remembered may be from before they were begun anew
    let counts_from = hot.session_cache.get_fresh(app, session).await?.session.counts_from(slide);
    if !is_revealed
        && let written @ WriteOutcome::Applied(()) =
            responses::put_after_reset(&app.store, &response, counts_from).await?
    {
        return Ok((response, written));
    }
    match responses::get(&app.store, session, slide, participant, app.clock.now()).await? {
        // refused by itself: the write was done, its answer was lost, and the SDK sent it again
        Some(stored) if stored == response => Ok((stored, WriteOutcome::Applied(()))),
        Some(stored) if stored.answer == response.answer && stored.received >= counts_from => {
            Ok((stored, WriteOutcome::ConditionFailed))
        }
        _ if is_revealed => {
            let why = "what is right was shown: this slide takes no answers any more";
            Err(Error::conflict(ErrorCode::ResultsShown, why))
        }
        _ => Err(Error::conflict(ErrorCode::AlreadyResponded, "the first answer to this slide is final")),
    }
}

fn accept_vote(moment: &SessionSnapshot, slide: SlideId, content: &Value) -> Result<AcceptedVote, Error> {
    match moment.session.status {
        SessionStatus::Active => {}
        SessionStatus::Ended => {
            return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended"));
        }
        SessionStatus::Pending | SessionStatus::Paused => {
            let why = format!("the session is {}", moment.session.status.as_str());
            return Err(Error::conflict(ErrorCode::SessionNotActive, why));
        }
    }
    let shown = moment.shown.as_ref().filter(|shown| shown.id == slide);
    let why = "slide_id is not the slide that is shown now";
    let shown = shown.ok_or_else(|| Error::conflict(ErrorCode::SlideNotCurrent, why))?;
    let answer = shown.content.accept(content).map_err(Error::InvalidContent)?;
    if let AnswerContent::Text(text) = &answer
        && moment.session.blocked_words.contains(text)
    {
        let why = "has a word that is blocked in this session";
        return Err(Error::InvalidContent(vec![FieldError::new("content.text", why)]));
    }
    let is_final = shown.content.is_final();
    let is_revealed = is_final && moment.session.shows_results(slide, &shown.content);
    Ok(AcceptedVote { answer, is_final, is_revealed })
}
