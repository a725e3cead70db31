use model::{leaderboard::LeaderboardEntry, tick::Tick};
use protocol::{
    Event,
    event::{LeaderboardUpdated, OwnResponse, ResponseSubmitted, ResponseSuperseded, ResultsChanged},
    job::{CountRecipients, CountVotes, RankQuiz},
};
use serde_json::{Value, json};

use super::{ONE, SLIDE, TWO, check_job, id, now, slide, votes};

pub(super) fn events() -> Vec<Event> {
    let (session_id, version, timestamp) = (id(1), 7, now());
    vec![
        Event::ResponseSubmitted(ResponseSubmitted {
            response_id: id(5),
            slide_id: id(3),
            participant_id: id(4),
            display_name: Some("Bo".into()),
            content: json!({ "text": "by the river" }),
            seq: None,
            created_at: timestamp,
            is_hidden: false,
            is_flagged: false,
        }),
        Event::ResponseSuperseded(ResponseSuperseded {
            response: OwnResponse {
                response_id: id(5),
                slide_id: id(3),
                content: json!({ "selected": ["b"] }),
                seq: Some(4),
                created_at: timestamp,
            },
            reference: Some(json!(7)),
        }),
        Event::VoteUpdate(votes()),
        Event::ResultsChanged(Box::new(ResultsChanged {
            session_id,
            version,
            slide_id: id(3),
            visible: true,
            reset_at: Some(timestamp),
            slide: Some(slide()),
            votes: Some(votes()),
        })),
        Event::LeaderboardUpdated(LeaderboardUpdated {
            session_id,
            entries: vec![LeaderboardEntry {
                rank: 1,
                participant_id: id(4),
                display_name: Some("Bo".into()),
                points: 950,
            }],
            total: 5,
            as_of: timestamp,
        }),
    ]
}

pub(super) fn commands() -> Vec<Value> {
    vec![
        json!({ "type": "response_submitted", "payload": { "slide_id": SLIDE, "content": { "selected": ["a"] } } }),
        json!({ "type": "submit_response", "slide_id": SLIDE, "content": { "text": "x" }, "seq": 5 }),
    ]
}

pub(super) fn jobs() {
    let votes = CountVotes {
        session: id(1),
        slide: id(2),
        tick: Tick(9),
        recipients: CountRecipients::Presenter,
        tries: 0,
        since: None,
    };
    check_job(
        &votes,
        "count_votes.v1",
        json!({ "session": ONE, "slide": TWO, "tick": 9, "told": "presenter" }),
    );
    let again = CountVotes { tries: 2, since: Some(5), ..votes };
    let golden = json!({
        "session": ONE, "slide": TWO, "tick": 9, "told": "presenter", "tries": 2, "since": 5,
    });
    check_job(&again, "count_votes.v1", golden);
    check_job(&RankQuiz { session: id(1) }, "rank_quiz.v1", json!({ "session": ONE }));
}
