use std::time::Duration;

use entry::App;
use jiff::SignedDuration;
use model::{Error, Room};
use protocol::{Event, Outgoing, event::ParticipantJoined, job::Greet};
use rooms::post::Delivery;
use store::connections::{self, Connection, Identity};

use crate::{Hot, state};

/// A connection this young may still be inside its `$connect`, where nothing can be posted to it.
const YOUNG: SignedDuration = SignedDuration::from_secs(5);

/// Tells a connection the state of its session, and the presenter who has come.
pub async fn run(app: &App, hot: &Hot, job: &Greet) -> Result<(), Error> {
    let found = connections::get(&app.store, &job.connection, app.clock.now()).await?;
    // gone again before it was greeted
    let Some(connection) = found else { return Ok(()) };
    let Some(session) = connection.identity.session() else { return Ok(()) };
    let state = state::of(app, hot, &connection, session, app.clock.now()).await?;
    let participant_count = state.participant_count;
    if tell(app, &connection, Event::SessionState(Box::new(state))).await? == Delivery::Gone {
        return Ok(());
    }
    if let (true, Identity::Participant { participant, .. }) = (job.arrived, connection.identity) {
        let joined = Event::ParticipantJoined(ParticipantJoined {
            participant_id: participant,
            is_anonymous: connection.display_name.is_none(),
            display_name: connection.display_name,
            participant_count,
        });
        app.rooms.publish(Room::Presenter(session), joined, app.clock.now()).await?;
    }
    Ok(())
}

async fn tell(app: &App, connection: &Connection, event: Event) -> Result<Delivery, Error> {
    let frame = Outgoing::to_one(connection.identity.session(), event, app.clock.now()).json()?;
    for attempt in 0..6 {
        if app.rooms.post(&connection.id, &frame).await? == Delivery::Delivered {
            return Ok(Delivery::Delivered);
        }
        if app.clock.now() > connection.connected_at + YOUNG {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
    }
    app.rooms.leave(connection, app.clock.now()).await?;
    Ok(Delivery::Gone)
}
