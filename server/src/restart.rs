//! What is left over from the hub's last life, and what becomes of it: [`plan`] decides, [`take_over`] does it.
//!
//! Rings end (`server-cleanup`): nobody knows whether they were still heard. Active calls go on, with every participant
//! away, and their sessions wait for their clients. What only half arrived before the hub died is put right: a
//! session that names a call which is over, or that is not its user's, is not in it.

#[cfg(test)]
mod tests;

use crate::{
    call::{CallHandle, core::Call, event::Event},
    hub::Hub,
    session::Session,
    socket,
    store::{Committed, Store, StoreError, StoredCall, StoredSession, Version},
};
use holdfast_protocol::{CallId, CallStatus, EndReason, LeaveReason, RoomName, SessionId};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// What shall become of everything that was stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// For how long no hub was there.
    pub(crate) down_ms: u64,
    /// Calls that go on.
    pub(crate) calls: Vec<Going>,
    /// Calls that have ended, in the form to be committed.
    pub(crate) ended: Vec<(Version, StoredCall)>,
    /// Sessions that wait for their clients, with the calls that they are in.
    pub(crate) sessions: Vec<StoredSession>,
    /// Sessions that are in no call any more.
    pub(crate) forgotten: Vec<SessionId>,
}

/// A call that goes on, with everyone away.
#[derive(Clone, Debug)]
pub(crate) struct Going {
    /// Its version in the store.
    pub(crate) version: Version,
    /// The call. Whoever has a place in it has a session that waits.
    pub(crate) call: Call,
}

/// Decides. `calls` are those that have not ended.
pub(crate) fn plan(
    last_alive_unix_ms: Option<u64>,
    now_unix_ms: u64,
    calls: Vec<(Version, StoredCall)>,
    sessions: Vec<StoredSession>,
) -> Plan {
    let down_ms = last_alive_unix_ms.map_or(0, |at| now_unix_ms.saturating_sub(at));
    let mut plan = Plan { down_ms, ..Plan::default() };
    let mut going = BTreeMap::<CallId, Going>::new();
    let in_rooms = latest_of_each_room(&calls);
    for (version, stored) in calls.into_iter().filter(|(_, call)| call.log.status != CallStatus::Ended) {
        let id = stored.log.id;
        let surplus = stored.log.kind.room().is_some_and(|room| in_rooms.get(room) != Some(&id));
        let goes_on = stored.log.status == CallStatus::Active && !surplus;
        match goes_on.then(|| Call::restore(stored.clone(), now_unix_ms, down_ms)) {
            Some(Ok((call, _))) if !call.is_over() => {
                going.insert(id, Going { version, call });
            }
            unreadable => {
                if let Some(Err(error)) = unreadable {
                    tracing::error!(call = %id, %error, "a call cannot go on");
                }
                plan.ended.push((version, cleaned_up(stored, now_unix_ms)));
            }
        }
    }
    let owners: HashMap<_, _> = sessions.iter().map(|session| (session.id, session)).collect();
    for Going { version, mut call } in going.into_values() {
        for (session, user) in call.seats() {
            let waits = |owner: &&StoredSession| owner.user == user && owner.calls.contains(&call.id());
            if !owners.get(&session).is_some_and(waits) {
                // Nobody can come back to this place.
                call.apply(now_unix_ms, Event::Gone { session });
            }
        }
        if call.is_over() {
            plan.ended.push((version, call.stored()));
        } else {
            plan.calls.push(Going { version, call });
        }
    }
    keep_sessions(&mut plan, sessions);
    plan
}

/// A session stays for as long as a call that goes on has a place for it.
fn keep_sessions(plan: &mut Plan, sessions: Vec<StoredSession>) {
    let seats = plan.calls.iter().flat_map(|going| {
        let id = going.call.id();
        going.call.seats().into_iter().map(move |(session, user)| (session, user, id))
    });
    let seats: HashSet<_> = seats.collect();
    for mut session in sessions {
        let mut seen = HashSet::new();
        session.calls.retain(|id| seats.contains(&(session.id, session.user, *id)) && seen.insert(*id));
        if session.calls.is_empty() {
            plan.forgotten.push(session.id);
        } else {
            plan.sessions.push(session);
        }
    }
}

/// A room has one call; of several, which no hub leaves behind, the one that began last.
fn latest_of_each_room(calls: &[(Version, StoredCall)]) -> BTreeMap<RoomName, CallId> {
    let mut began: Vec<_> = calls
        .iter()
        .filter_map(|(_, call)| Some((call.log.began_unix_ms, call.log.id, call.log.kind.room()?)))
        .collect();
    began.sort_unstable();
    began.into_iter().map(|(_, id, room)| (room.clone(), id)).collect()
}

/// The call as it is once it has ended because of the hub's death.
pub(crate) fn cleaned_up(mut call: StoredCall, now_unix_ms: u64) -> StoredCall {
    call.log.status = CallStatus::Ended;
    call.log.ended_unix_ms = Some(now_unix_ms);
    call.log.reason = Some(EndReason::ServerCleanup);
    for participant in call.log.participants.iter_mut().filter(|it| it.left_unix_ms.is_none()) {
        participant.left_unix_ms = Some(now_unix_ms);
        participant.left_reason = Some(LeaveReason::CallEnded);
        for outage in participant.outages.iter_mut().filter(|outage| outage.until_unix_ms.is_none()) {
            outage.until_unix_ms = Some(now_unix_ms);
        }
    }
    call.claims.clear();
    call.deadline_unix_ms = None;
    call.state = serde_json::Value::Null;
    call
}

/// Loads what is left over, ends what has ended, and says what goes on.
///
/// # Errors
/// When the store fails: a hub that does not know its calls must not begin new ones in their places.
pub(crate) async fn take_over(
    store: &dyn Store,
    last_alive_unix_ms: Option<u64>,
    now_unix_ms: u64,
) -> Result<Plan, StoreError> {
    let (calls, sessions) = (store.open_calls().await?, store.sessions().await?);
    let calls_before: HashMap<_, _> = sessions.iter().map(|it| (it.id, it.calls.len())).collect();
    let mut plan = plan(last_alive_unix_ms, now_unix_ms, calls, sessions);
    for (version, call) in &plan.ended {
        store.commit(*version, call.clone()).await?;
    }
    for Going { version, call } in &mut plan.calls {
        call.take_dirty();
        // With its later deadlines: the downtime until now counts, even should the hub die again at once.
        match store.commit(*version, call.stored()).await? {
            Committed::Done(stored) => *version = stored,
            // Its owner finds out which one is there.
            refused => tracing::error!(call = %call.id(), ?refused, "the store refused a call"),
        }
    }
    for session in &plan.forgotten {
        store.remove_session(*session).await?;
    }
    for session in plan.sessions.iter().filter(|it| calls_before.get(&it.id) != Some(&it.calls.len())) {
        store.put_session(session.clone()).await?;
    }
    if !(plan.calls.is_empty() && plan.ended.is_empty() && plan.forgotten.is_empty()) {
        tracing::info!(
            calls = plan.calls.len(),
            sessions = plan.sessions.len(),
            ended = plan.ended.len(),
            forgotten = plan.forgotten.len(),
            down_ms = plan.down_ms,
            "taken over from the hub's last life",
        );
    }
    // Before anybody is served: should it die at once, it has lived.
    store.alive(now_unix_ms).await?;
    Ok(plan)
}

/// Makes what goes on go on: calls with their owners, sessions that are waited for. To be called before anybody is
/// served. What was stored comes back even when there may be fewer by now: it was let in once.
pub(crate) fn go_on(hub: &Arc<Hub>, plan: Plan) {
    let calls: Vec<_> = plan
        .calls
        .into_iter()
        .map(|Going { version, call }| (CallHandle::restored(hub, &call), version, call))
        .collect();
    for stored in plan.sessions {
        let handles = stored.calls.iter().filter_map(|call| hub.calls.find(*call)).collect();
        let (session, attachment) =
            Session::restored(stored, handles, hub.budget.clone(), hub.timeline, &hub.config);
        socket::adopt(hub, session, attachment);
    }
    for (restored, version, call) in calls {
        let sessions =
            call.seats().into_iter().filter_map(|(session, _)| hub.sessions.get(session)).collect();
        restored.start(hub, call, version, sessions);
    }
}
