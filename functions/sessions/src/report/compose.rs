use std::collections::{BTreeMap, BTreeSet};

use entry::App;
use jiff::Timestamp;
use model::{
    Error, ParticipantId,
    leaderboard::rank_scores,
    question::{QuestionStatus, sort_key},
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

use super::{reported_slides::reported_slides, slide_report::slide_report};
use crate::{
    session_snapshot::takes_answers,
    votes::{
        counted_responses::is_counted,
        quiz_points::{QuizScores, add_points},
    },
};

/// Composes the report of a session from its answers. The alternative, its counts, may lack late answers.
///
/// It reads all answers, one slide after the other. For a session with a thousand participants and twenty questions
/// that is about 15 MB, or 3,600 read units.
///
/// # Errors
/// Fails if the session's data cannot be read.
pub async fn compose_report(app: &App, session: &Session, now: Timestamp) -> Result<SessionReport, Error> {
    let ended_at = session.ended_at.unwrap_or(now);
    let started_at = session.started_at.unwrap_or(session.created_at);
    let participants = participants::list(&app.store, session.id, now).await?;
    let mut totals = AnswerTotals::default();
    let mut slides = Vec::new();
    for slide in reported_slides(app, session, now).await? {
        let stored = if takes_answers(&slide.content) {
            responses::list_by_slide(&app.store, session.id, slide.id, now).await?
        } else {
            Vec::new()
        };
        let counted: Vec<SlideResponse> =
            stored.into_iter().filter(|response| is_counted(session, response)).collect();
        let from = slide.first_at.map(|at| at.as_millisecond().max(session.counts_from(slide.id)));
        if slide.content.kind() == SlideType::Quiz {
            add_points(&mut totals.scores, session, &slide.content, from.unwrap_or_default(), &counted);
        }
        totals.received.extend(counted.iter().map(|response| response.received));
        totals.participants.extend(counted.iter().map(|response| response.participant));
        slides.push(slide_report(session, &slide, from, &counted, participants.len() as u64));
    }
    let presence = sessions::get_presence(&app.store, session.id, ReadConsistency::Strong, now).await?;
    let joins: Vec<i64> =
        participants.iter().map(|participant| participant.joined_at.as_millisecond()).collect();
    let participation = participation::participation_timeline(
        started_at.as_millisecond(),
        ended_at.as_millisecond(),
        &joins,
        &totals.received,
    );
    let mut questions = questions::list_strong(&app.store, session.id, now).await?;
    questions.retain(|question| question.status != QuestionStatus::Hidden);
    questions.sort_by_key(|question| {
        sort_key(question.pinned, question.upvotes, question.asked_at.as_millisecond())
    });
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
            participants: participants.len() as u64,
            peak_connected: presence.map_or(0, |presence| presence.peak.max(presence.participants)),
            answered: totals.participants.len() as u64,
            answer_rate: percent(totals.participants.len() as u64, participants.len() as u64),
            responses: totals.received.len() as u64,
        },
        participation,
        slides,
        slides_left_out: 0,
        leaderboard: rank_scores(totals.scores.into_values(), MAX_LEADERBOARD_ENTRIES),
        questions_total: questions.len(),
        questions: questions.into_iter().take(MAX_QUESTIONS).map(question_report).collect(),
        ai: ai_report(plan_usage::list_ai_calls(&app.store, session.id, now).await?),
    })
}

/// The totals over all slides.
#[derive(Default)]
struct AnswerTotals {
    scores: QuizScores,
    /// The times of receipt of all answers, in milliseconds since 1970.
    received: Vec<i64>,
    participants: BTreeSet<ParticipantId>,
}

fn question_report(question: Question) -> QuestionReport {
    let provider = question.answer.as_ref().and_then(|answer| answer.provider.clone());
    QuestionReport {
        id: question.id,
        text: question.text,
        status: question.status,
        display_name: question.display_name,
        asked_at: question.asked_at,
        upvotes: question.upvotes,
        is_pinned: question.pinned,
        merged_into: question.merged_into,
        answer: question.answer.map(|answer| truncate_text(&answer.text, MAX_TEXT_LENGTH)),
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
        let provider = providers.entry(spent.provider.clone()).or_insert_with(|| ProviderReport {
            provider: spent.provider,
            calls: 0,
            tokens_in: 0,
            tokens_out: 0,
            cost_micros: 0,
        });
        provider.calls += 1;
        provider.tokens_in += spent.tokens_in;
        provider.tokens_out += spent.tokens_out;
        provider.cost_micros += spent.cost_micros;
    }
    report.providers = providers.into_values().collect();
    report
}
