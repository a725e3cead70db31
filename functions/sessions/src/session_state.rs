//! The state of a session that a connection receives when it opens.

use entry::{App, tokens::ParticipantToken as Token};
use futures::try_join;
use jiff::Timestamp;
use model::{Error, ParticipantId, Room, SessionId};
use protocol::event::{ConnectionRole, OwnResponse, SessionState, VoteUpdate};
use store::{
    realtime::connections::{self, Connection, ConnectionIdentity},
    sessions::{
        self, VoteSnapshot, participants,
        responses::{self, SlideResponse},
    },
};

use crate::instance_state::InstanceState;

/// The largest room whose connections are counted for the state. For larger rooms the state has the last count.
const MAX_COUNTED_CONNECTIONS: usize = 100;

/// Reads the state of a session for one of its connections, strongly consistent. The connection must already be in the
/// room, so that every change after this read reaches it as an event.
///
/// # Errors
/// `NotFound` if the session does not exist.
pub async fn load_session_state(
    app: &App,
    state: &InstanceState,
    connection: &Connection,
    session: SessionId,
    now: Timestamp,
) -> Result<SessionState, Error> {
    let snapshot = state.session_cache.get_fresh(app, session).await?;
    let participant = match connection.identity {
        ConnectionIdentity::Participant { participant, .. } => Some(participant),
        ConnectionIdentity::Account { .. } => None,
    };
    let slide = snapshot.current.as_ref().map(|slide| slide.id);
    let (own, display_name, votes, participant_count, turned_away) = try_join!(
        own_response(app, session, slide, participant, now),
        participant_name(app, session, participant, now),
        counted_votes(app, session, slide, now),
        count_connected(app, session, now),
        count_turned_away(app, session, participant, now),
    )?;
    let session = snapshot.session.clone();
    let current = snapshot.current.as_ref();
    let results_visible = current.is_some_and(|slide| session.shows_results(slide.id, &slide.content));
    let sees_votes = participant.is_none() || results_visible;
    let current_slide = current.and_then(|slide| match participant {
        Some(_) => slide.is_open(&session).then(|| slide.for_audience(&session)),
        None => Some(slide.for_presenter()),
    });
    let counts_from = slide.map_or(0, |slide| session.counts_from(slide));
    let token = match participant {
        Some(participant) => Some(app.tokens.sign(&Token { participant, session: session.id }, now).await?),
        None => None,
    };
    Ok(SessionState {
        session_id: session.id,
        kind: session.kind,
        join_code: session.join_code,
        status: session.status,
        version: session.version,
        presentation_title: session.presentation_title,
        pace: session.pace,
        ai_answers: session.ai_answers,
        results_visible,
        votes: votes.filter(|votes| sees_votes && votes.as_of > counts_from).map(vote_update),
        current_slide,
        total_slides: snapshot.total_slides,
        participant_count,
        turned_away,
        started_at: session.started_at,
        ended_at: session.ended_at,
        role: if participant.is_some() { ConnectionRole::Audience } else { ConnectionRole::Presenter },
        participant_id: participant,
        participant_token: token,
        display_name,
        my_responses: own.filter(|own| own.created_at.as_millisecond() >= counts_from).into_iter().collect(),
    })
}

/// Returns the event payload of a vote count.
pub fn vote_update(snapshot: VoteSnapshot) -> VoteUpdate {
    VoteUpdate {
        slide_id: snapshot.slide,
        tally: snapshot.tally,
        as_of: Timestamp::from_millisecond(snapshot.as_of).unwrap_or_default(),
    }
}

/// Returns the answer of a participant to a slide. Returns `None` without a slide or a participant.
///
/// # Errors
/// Fails if the answer cannot be read.
pub async fn own_response(
    app: &App,
    session: SessionId,
    slide: Option<model::SlideId>,
    participant: Option<ParticipantId>,
    now: Timestamp,
) -> Result<Option<OwnResponse>, Error> {
    let Some((slide, participant)) = slide.zip(participant) else { return Ok(None) };
    let found = responses::get(&app.store, session, slide, participant, now).await?;
    Ok(found.as_ref().map(own_response_view))
}

/// Returns an answer as its participant sees it, without the presenter's marks.
pub fn own_response_view(response: &SlideResponse) -> OwnResponse {
    OwnResponse {
        response_id: response.id,
        slide_id: response.slide,
        content: response.answer.to_value(),
        seq: response.seq,
        created_at: Timestamp::from_millisecond(response.received).unwrap_or_default(),
    }
}

async fn participant_name(
    app: &App,
    session: SessionId,
    participant: Option<ParticipantId>,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let Some(participant) = participant else { return Ok(None) };
    let found = participants::get(&app.store, session, participant, now).await?;
    Ok(found.and_then(|participant| participant.display_name))
}

async fn counted_votes(
    app: &App,
    session: SessionId,
    slide: Option<model::SlideId>,
    now: Timestamp,
) -> Result<Option<VoteSnapshot>, Error> {
    match slide {
        Some(slide) => Ok(sessions::get_snapshot(&app.store, session, slide, now).await?),
        None => Ok(None),
    }
}

async fn count_connected(app: &App, session: SessionId, now: Timestamp) -> Result<u64, Error> {
    let room = Room::Session(session);
    match connections::list_in_small_room(&app.store, room, MAX_COUNTED_CONNECTIONS, now).await? {
        Some(members) => Ok(distinct_participants(&members)),
        None => Ok(sessions::last_participant_count(&app.store, session, now).await?),
    }
}

/// Returns the refused joins for the presenter. A participant does not see them.
async fn count_turned_away(
    app: &App,
    session: SessionId,
    participant: Option<ParticipantId>,
    now: Timestamp,
) -> Result<Option<u64>, Error> {
    match participant {
        Some(_) => Ok(None),
        None => Ok(Some(sessions::get_turned_away(&app.store, session, now).await?)),
    }
}

/// Counts the participants among these connections. A participant with several connections counts once, the presenter
/// does not count.
pub fn distinct_participants(members: &[Connection]) -> u64 {
    let participants: std::collections::HashSet<_> = members
        .iter()
        .filter_map(|member| match member.identity {
            ConnectionIdentity::Participant { participant, .. } => Some(participant),
            ConnectionIdentity::Account { .. } => None,
        })
        .collect();
    participants.len() as u64
}
