//! Stores an answer to the current slide. This is the hot path of the product. A vote costs one write, and no read
//! while the instance remembers the session.

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

use crate::{instance_state::InstanceState, session_snapshot::SessionSnapshot};

/// A vote whose write took longer than this many milliseconds is marked with the time at which the write ended. Counts
/// look back by as much.
pub const SLOW_WRITE_MS: i64 = 100;

/// An answer as the participant sent it.
#[derive(Debug)]
pub struct VoteSubmission<'a> {
    pub session: SessionId,
    pub slide: SlideId,
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub content: &'a Value,
    /// A number by which the client orders its answers to a slide.
    pub seq: Option<i64>,
    /// The time at which the gateway received it, in milliseconds since 1970.
    pub received: i64,
}

/// An answer that its slide has accepted.
struct AcceptedVote {
    answer: AnswerContent,
    /// The slide keeps the first answer of a participant.
    is_final: bool,
    /// The session has shown the correct answer.
    is_revealed: bool,
}

/// Stores an answer and schedules its count. Returns the stored answer.
///
/// If a later answer of the participant is already stored, this answer is ignored, which is not an error. If the slide
/// keeps the first answer, a retry of the same answer returns the stored one.
///
/// # Errors
/// `SESSION_NOT_ACTIVE`, `SESSION_ENDED`, `SLIDE_NOT_CURRENT`, `INVALID_CONTENT`, `ALREADY_RESPONDED` or
/// `RESULTS_SHOWN`. Nothing is stored then.
pub async fn cast_vote(
    app: &App,
    state: &InstanceState,
    vote: VoteSubmission<'_>,
) -> Result<SlideResponse, Error> {
    let cached = state.session_cache.get_cached(app, vote.session).await?;
    let cached = state.session_cache.get_at_slide(app, cached, vote.slide).await?;
    let mut accepted = accept_vote(&cached, vote.slide, vote.content);
    if accepted.as_ref().map_or(true, |accepted| accepted.is_revealed) {
        // The cached snapshot may be old. A vote that is cast the moment a slide appears must always count.
        let fresh = state.session_cache.get_fresh(app, vote.session).await?;
        let fresh = state.session_cache.get_at_slide(app, fresh, vote.slide).await?;
        accepted = accept_vote(&fresh, vote.slide, vote.content);
    }
    let AcceptedVote { answer, is_final, is_revealed } = accepted?;
    let response = SlideResponse {
        id: ResponseId::derive(vote.session, vote.slide, vote.participant),
        session: vote.session,
        slide: vote.slide,
        participant: vote.participant,
        display_name: vote.display_name,
        answer,
        seq: vote.seq,
        received: vote.received,
        stored: app.clock.millis(),
        hidden: false,
        flagged: false,
    };
    let (response, outcome) = if is_final {
        store_first_vote(app, state, response, is_revealed).await?
    } else {
        let outcome = responses::put(&app.store, &response).await?;
        (response, outcome)
    };
    if outcome == WriteOutcome::Applied(()) {
        let now = app.clock.millis();
        if now - response.stored > SLOW_WRITE_MS {
            // The SDK repeated the write. A count in between would not treat this answer as a new one.
            responses::update_stored_at(&app.store, &response, now).await?;
        }
        state.count_scheduler.schedule_vote_count(app, vote.session, vote.slide).await;
    }
    Ok(response)
}

/// Stores the first answer to a slide that keeps it, unless the correct answer was shown. An answer from before the
/// results were reset does not count as the first one.
async fn store_first_vote(
    app: &App,
    state: &InstanceState,
    response: SlideResponse,
    is_revealed: bool,
) -> Result<(SlideResponse, WriteOutcome), Error> {
    let SlideResponse { session, slide, participant, .. } = response;
    if !is_revealed
        && let outcome @ WriteOutcome::Applied(()) = responses::put_first(&app.store, &response).await?
    {
        return Ok((response, outcome));
    }
    // the cached session may be from before the results were reset
    let counts_from = state.session_cache.get_fresh(app, session).await?.session.counts_from(slide);
    if !is_revealed
        && let outcome @ WriteOutcome::Applied(()) =
            responses::put_after_reset(&app.store, &response, counts_from).await?
    {
        return Ok((response, outcome));
    }
    match responses::get(&app.store, session, slide, participant, app.clock.now()).await? {
        // If the response of the write was lost, the SDK sent it again, and that second write lost its own condition.
        Some(stored) if stored == response => Ok((stored, WriteOutcome::Applied(()))),
        Some(stored) if stored.answer == response.answer && stored.received >= counts_from => {
            Ok((stored, WriteOutcome::ConditionFailed))
        }
        _ if is_revealed => {
            let why = "the correct answer has been shown, so this slide takes no more answers";
            Err(Error::conflict(ErrorCode::ResultsShown, why))
        }
        _ => Err(Error::conflict(ErrorCode::AlreadyResponded, "the first answer to this slide is final")),
    }
}

fn accept_vote(snapshot: &SessionSnapshot, slide: SlideId, content: &Value) -> Result<AcceptedVote, Error> {
    match snapshot.session.status {
        SessionStatus::Active => {}
        SessionStatus::Ended => {
            return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended"));
        }
        SessionStatus::Pending | SessionStatus::Paused => {
            let why = format!("the session is {}", snapshot.session.status.as_str());
            return Err(Error::conflict(ErrorCode::SessionNotActive, why));
        }
    }
    let current = snapshot.current.as_ref().filter(|current| current.id == slide);
    let why = "`slide_id` is not the current slide";
    let current = current.ok_or_else(|| Error::conflict(ErrorCode::SlideNotCurrent, why))?;
    let answer = current.content.accept(content).map_err(Error::InvalidContent)?;
    if let AnswerContent::Text(text) = &answer
        && snapshot.session.blocked_words.contains(text)
    {
        let why = "contains a word that is blocked in this session";
        return Err(Error::InvalidContent(vec![FieldError::new("content.text", why)]));
    }
    let is_final = current.content.is_final();
    let is_revealed = is_final && snapshot.session.shows_results(slide, &current.content);
    Ok(AcceptedVote { answer, is_final, is_revealed })
}
