use std::collections::{BTreeMap, BTreeSet};

use entry::App;
use jiff::Timestamp;
use model::{
    Error, ParticipantId,
    leaderboard::rank_scores,
    question::{self, QuestionStatus},
    report::{
        AiReport, MAX_LEADERBOARD_ENTRIES, MAX_QUESTIONS, MAX_TEXT_LENGTH, ProviderReport, QuestionReport,
        ReportAudience, ReportSession, SessionReport, participation, percent, truncate_text,
    },
    session::EndReason,
    slide::SlideType,
};
use store::{
    ReadConsistency,
    identity::plan_usage::{self, AiCall},
    sessions::{
        self, Session, participants,
        questions::{self, Question},
        responses::{self, SlideResponse},
    },
};

use super::{slide, slides};
use crate::worker::{
    count_votes::is_counted,
    rank_quiz::{QuizScores, add_points},
};

/// What a session came to, from its answers and not from its counts: exact whatever was counted late. It reads all of them,
/// slide after slide: a session of a thousand people and twenty questions is some 15 MB, 3,600 read units.
pub async fn compose_report(app: &App, session: &Session, now: Timestamp) -> Result<SessionReport, Error> {
    let ended_at = session.ended_at.unwrap_or(now);
    let started_at = session.started_at.unwrap_or(session.created_at);
    let people = participants::list(&app.store, session.id, now).await?;
    let mut answers = AnswerTotals::default();
    let mut slides = Vec::new();
    for told in slides::reported_slides(app, session, now).await? {
        let found = if slides::takes_answers(&told.content) {
            responses::list_by_slide(&app.store, session.id, told.id, now).await?
        } else {
            Vec::new()
        };
        let found: Vec<SlideResponse> =
            found.into_iter().filter(|response| is_counted(session, response)).collect();
        let from = told.first_at.map(|at| at.as_millisecond().max(session.counts_from(told.id)));
        if told.content.kind() == SlideType::Quiz {
            add_points(&mut answers.scores, session, &told.content, from.unwrap_or_default(), &found);
        }
        answers.received.extend(found.iter().map(|response| response.received));
        answers.participants.extend(found.iter().map(|response| response.participant));
        slides.push(slide::slide_report(session, &told, from, &found, people.len() as u64));
    }
    let presence = sessions::get_presence(&app.store, session.id, ReadConsistency::Strong, now).await?;
    let joins: Vec<i64> = people.iter().map(|participant| participant.joined_at.as_millisecond()).collect();
    let mut asked = questions::list_strong(&app.store, session.id, now).await?;
    asked.retain(|question| question.status != QuestionStatus::Hidden);
    asked.sort_by_key(|one| question::sort_key(one.pinned, one.upvotes, one.asked_at.as_millisecond()));
    let (start, end) = (started_at.as_millisecond(), ended_at.as_millisecond());
    Ok(SessionReport {
        session: ReportSession {
            id: session.id,
            title: session.presentation_title.clone(),
            join_code: session.join_code.to_string(),
            created_at: session.created_at,
            started_at,
            ended_at,
            duration_seconds: ended_at.duration_since(started_at).as_secs(),
            end_reason: session.end_reason.unwrap_or(EndReason::Ended),
        },
        written_at: now,
        audience: ReportAudience {
            participants: people.len() as u64,
            peak_connected: presence.map_or(0, |presence| presence.peak.max(presence.participants)),
            answered: answers.participants.len() as u64,
            answer_rate: percent(answers.participants.len() as u64, people.len() as u64),
            responses: answers.received.len() as u64,
        },
        participation: participation::participation_timeline(start, end, &joins, &answers.received),
        slides,
        slides_left_out: 0,
        leaderboard: rank_scores(answers.scores.into_values(), MAX_LEADERBOARD_ENTRIES),
        questions_total: asked.len(),
        questions: asked.into_iter().take(MAX_QUESTIONS).map(question_report).collect(),
        ai: ai_report(plan_usage::list_ai_calls(&app.store, session.id, now).await?),
    })
}

/// What is said of all slides together.
#[derive(Default)]
struct AnswerTotals {
    scores: QuizScores,
    /// Milliseconds since 1970.
    received: Vec<i64>,
    participants: BTreeSet<ParticipantId>,
}

fn question_report(asked: Question) -> QuestionReport {
    let provider = asked.answer.as_ref().and_then(|answer| answer.provider.clone());
    QuestionReport {
        id: asked.id,
        text: asked.text,
        status: asked.status,
        display_name: asked.display_name,
        asked_at: asked.asked_at,
        upvotes: asked.upvotes,
        is_pinned: asked.pinned,
        merged_into: asked.merged_into,
        answer: asked.answer.map(|answer| truncate_text(&answer.text, MAX_TEXT_LENGTH)),
        provider,
    }
}

fn ai_report(calls: Vec<AiCall>) -> AiReport {
    let mut report = AiReport { calls: calls.len() as u64, ..AiReport::default() };
    let mut providers: BTreeMap<String, ProviderReport> = BTreeMap::new();
    for spent in calls.into_iter().filter_map(|call| call.spent) {
        report.tokens_in += spent.tokens_in;
        report.tokens_out += spent.tokens_out;
        report.cost_micros += spent.cost_micros;
        let of = providers.entry(spent.provider.clone()).or_insert_with(|| ProviderReport {
            provider: spent.provider,
            calls: 0,
            tokens_in: 0,
            tokens_out: 0,
            cost_micros: 0,
        });
        of.calls += 1;
        of.tokens_in += spent.tokens_in;
        of.tokens_out += spent.tokens_out;
        of.cost_micros += spent.cost_micros;
    }
    report.providers = providers.into_values().collect();
    report
}
