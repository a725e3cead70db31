//! Stores an answer to the current slide. This is the hot path of the product. A vote costs one write, and no read
//! while the instance remembers the session.

use entry::App;
use model::{
    Error, ErrorCode, FieldError, ParticipantId, ResponseId, SessionId, SlideId, session::SessionStatus,
    slide::AnswerContent,
};
use serde_json::Value;
use store::{
    ReplaceOutcome, WriteOutcome,
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

/// The answer of a participant that counts after a vote.
#[derive(Debug)]
pub struct CountingResponse {
    pub response: SlideResponse,
    /// A later answer of the participant was stored before, so the vote is ignored and `response` is that answer.
    pub is_superseded: bool,
}

/// What happened to a vote.
enum VoteOutcome {
    Stored,
    /// The same answer is stored already.
    Repeated,
    /// A later answer is stored already.
    Superseded,
}

/// An answer that its slide has accepted.
struct AcceptedVote {
    answer: AnswerContent,
    /// The slide keeps the first answer of a participant.
    is_final: bool,
    /// The session has shown the correct answer.
    is_revealed: bool,
}

/// Stores an answer and schedules its count. Returns the answer that counts.
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
) -> Result<CountingResponse, Error> {
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
        store_latest_vote(app, state, response).await?
    };
    if matches!(outcome, VoteOutcome::Stored) {
        let now = app.clock.millis();
        if now - response.stored > SLOW_WRITE_MS {
            // The SDK repeated the write. A count in between would not treat this answer as a new one.
            responses::update_stored_at(&app.store, &response, now).await?;
        }
        state.count_scheduler.schedule_vote_count(app, vote.session, vote.slide).await;
    }
    Ok(CountingResponse { response, is_superseded: matches!(outcome, VoteOutcome::Superseded) })
}

/// Stores an answer unless a later one is stored, and returns the answer that is stored then. An answer from before the
/// results were reset does not count as a later one, because it is in no count.
async fn store_latest_vote(
    app: &App,
    state: &InstanceState,
    response: SlideResponse,
) -> Result<(SlideResponse, VoteOutcome), Error> {
    let ReplaceOutcome::Kept(kept) = responses::put(&app.store, &response).await? else {
        return Ok((response, VoteOutcome::Stored));
    };
    let mut kept = *kept;
    if kept.hidden && kept.answer == response.answer {
        return Ok((kept, VoteOutcome::Repeated));
    }
    let SlideResponse { session, slide, participant, .. } = response;
    let counts_from = state.session_cache.get_fresh(app, session).await?.session.counts_from(slide);
    if kept.received < counts_from && response.received >= counts_from {
        let reset = responses::put_after_reset(&app.store, &response, counts_from).await?;
        if reset == WriteOutcome::Applied(()) {
            return Ok((response, VoteOutcome::Stored));
        }
        // a concurrent vote of the participant has replaced it after the reset
        kept =
            responses::get(&app.store, session, slide, participant, app.clock.now()).await?.unwrap_or(kept);
    }
    Ok((kept, VoteOutcome::Superseded))
}

/// Stores the first answer to a slide that keeps it, unless the correct answer was shown. An answer from before the
/// results were reset does not count as the first one.
async fn store_first_vote(
    app: &App,
    state: &InstanceState,
    response: SlideResponse,
    is_revealed: bool,
) -> Result<(SlideResponse, VoteOutcome), Error> {
    let SlideResponse { session, slide, participant, .. } = response;
    if !is_revealed && responses::put_first(&app.store, &response).await? == WriteOutcome::Applied(()) {
        return Ok((response, VoteOutcome::Stored));
    }
    // the cached session may be from before the results were reset
    let counts_from = state.session_cache.get_fresh(app, session).await?.session.counts_from(slide);
    if !is_revealed
        && responses::put_after_reset(&app.store, &response, counts_from).await? == WriteOutcome::Applied(())
    {
        return Ok((response, VoteOutcome::Stored));
    }
    match responses::get(&app.store, session, slide, participant, app.clock.now()).await? {
        // If the response of the write was lost, the SDK sent it again, and that second write lost its own condition.
        Some(stored) if stored == response => Ok((stored, VoteOutcome::Stored)),
        Some(stored) if stored.answer == response.answer && stored.received >= counts_from => {
            Ok((stored, VoteOutcome::Repeated))
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
