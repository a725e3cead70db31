//! A room's whole small state, as one connection may see it.

use entry::{App, tokens::ParticipantToken as Token};
use futures::try_join;
use jiff::Timestamp;
use model::{Error, ParticipantId, Room, SessionId};
use protocol::event::{ConnectionRole, OwnResponse, SessionState, VoteUpdate};
use store::{
    realtime::connections::{self, Connection, ConnectionIdentity},
    sessions::{self, VoteSnapshot, participants, responses},
};

use crate::InstanceState;

/// Rooms up to this size are counted for the state itself; in larger ones it says what was last counted.
const MAX_COUNTED_CONNECTIONS: usize = 100;

/// The state for a connection of this session. Read afresh: whoever is told it was in the room before it was read, so
/// whatever changes after it reaches them as an event.
pub async fn load_session_state(
    app: &App,
    hot: &InstanceState,
    connection: &Connection,
    session: SessionId,
    now: Timestamp,
) -> Result<SessionState, Error> {
    let moment = hot.session_cache.get_fresh(app, session).await?;
    let participant = match connection.identity {
        ConnectionIdentity::Participant { participant, .. } => Some(participant),
        ConnectionIdentity::Account { .. } => None,
    };
    let slide = moment.shown.as_ref().map(|shown| shown.id);
    let (own, display_name, snapshot, participant_count) = try_join!(
        own_response(app, session, slide, participant, now),
        participant_name(app, session, participant, now),
        counted_votes(app, session, slide, now),
        count_connected(app, session, now),
    )?;
    let session = moment.session.clone();
    let shown = moment.shown.as_ref();
    let results_visible = shown.is_some_and(|shown| session.shows_results(shown.id, &shown.content));
    let may_see = participant.is_none() || results_visible;
    let current_slide = shown.and_then(|shown| match participant {
        Some(_) => shown.is_open(&session).then(|| shown.for_audience(&session)),
        None => Some(shown.for_presenter()),
    });
    let counts_from = slide.map_or(0, |slide| session.counts_from(slide));
    let token = match participant {
        Some(participant) => Some(app.tokens.sign(&Token { participant, session: session.id }, now)?),
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
        votes: snapshot.filter(|snapshot| may_see && snapshot.as_of > counts_from).map(vote_update),
        current_slide,
        total_slides: moment.total_slides,
        participant_count,
        started_at: session.started_at,
        ended_at: session.ended_at,
        role: if participant.is_some() { ConnectionRole::Audience } else { ConnectionRole::Presenter },
        participant_id: participant,
        participant_token: token,
        display_name,
        my_responses: own.filter(|own| own.created_at.as_millisecond() >= counts_from).into_iter().collect(),
    })
}

/// A count as it is told.
pub fn vote_update(snapshot: VoteSnapshot) -> VoteUpdate {
    VoteUpdate {
        slide_id: snapshot.slide,
        tally: snapshot.tally,
        as_of: Timestamp::from_millisecond(snapshot.as_of).unwrap_or_default(),
    }
}

pub async fn own_response(
    app: &App,
    session: SessionId,
    slide: Option<model::SlideId>,
    participant: Option<ParticipantId>,
    now: Timestamp,
) -> Result<Option<OwnResponse>, Error> {
    let Some((slide, participant)) = slide.zip(participant) else { return Ok(None) };
    let found = responses::get(&app.store, session, slide, participant, now).await?;
    Ok(found.map(|response| OwnResponse {
        response_id: response.id,
        slide_id: slide,
        content: response.answer.to_value(),
        seq: response.seq,
        created_at: Timestamp::from_millisecond(response.received).unwrap_or_default(),
    }))
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

/// Participants, each once however many connections they have. The presenter is none.
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
