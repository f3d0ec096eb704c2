//! The hub dies, and another one goes on with what is stored.

use super::{World, client::Client};
use crate::{
    call::core::Call,
    restart::{Going, plan},
    store::{Committed, Store, StoredSession},
};
use futures_util::FutureExt;
use holdfast_protocol::{CallStatus, EndReason};

impl World {
    /// It is away for `down_ms`. With `loses` the session of `who` was not stored in time.
    pub(super) fn restart(&mut self, who: usize, down_ms: u64, loses: bool) {
        let last_alive = self.now;
        self.now += down_ms;
        let lost = loses.then(|| self.clients[who].sender.session);
        let sessions = self.clients.iter().filter(|client| Some(client.sender.session) != lost);
        let sessions = sessions.filter(|client| !client.places.is_empty()).map(stored).collect();
        let open = self.store.open_calls().now_or_never().expect("it waits for nothing");
        let open = open.expect("it does not fail");
        let plan = plan(Some(last_alive), self.now, open.clone(), sessions);
        assert_eq!(plan.calls.len() + plan.ended.len(), open.len(), "a call was forgotten");
        for (version, ended) in plan.ended {
            let (_, before) = open.iter().find(|(_, call)| call.log.id == ended.log.id).expect("it was open");
            let reason = ended.log.reason.expect("it has ended");
            match before.log.status {
                CallStatus::Ringing => assert_eq!(reason, EndReason::ServerCleanup),
                // Without the one who was lost nobody is left, or nobody who is not away for too long.
                _ => assert!(loses && [EndReason::NetworkLost, EndReason::Expired].contains(&reason)),
            }
            let call = Call::restore(ended.clone(), self.now, down_ms)
                .or_else(|_| Call::restore(before.clone(), self.now, down_ms));
            let mut call = call.expect("one of them is whole").0;
            call.take_dirty();
            let committed = self.store.commit(version, ended).now_or_never().expect("it waits for nothing");
            let Ok(Committed::Done(version)) = committed else { panic!("{committed:?}") };
            assert_eq!(self.ended.insert(call.id(), reason), None, "a call ended twice");
            self.calls.insert(call.id(), (version, call));
        }
        for Going { version, mut call } in plan.calls {
            assert!(call.take_dirty());
            let committed = self.store.commit(version, call.stored()).now_or_never();
            let Some(Ok(Committed::Done(version))) = committed else { panic!("{committed:?}") };
            self.calls.insert(call.id(), (version, call));
        }
        self.begin_anew(lost.map(|_| who));
    }

    /// Every client is away, and on its return is told how things stand.
    fn begin_anew(&mut self, lost: Option<usize>) {
        self.reports.clear();
        for (index, client) in self.clients.iter_mut().enumerate() {
            if lost == Some(index) {
                *client = Client::new(client.user);
            }
            (client.connected, client.sender.attachment) = (false, 0);
            client.forget_all();
        }
        let sessions: Vec<_> = self.clients.iter().map(|client| client.sender.session).collect();
        for session in sessions {
            let snapshots = self.calls.values().filter_map(|(_, call)| call.snapshot_for(self.now, session));
            for snapshot in snapshots.collect::<Vec<_>>() {
                self.begin(session, &snapshot);
            }
        }
    }
}

fn stored(client: &Client) -> StoredSession {
    StoredSession {
        id: client.sender.session,
        user: client.user,
        name: holdfast_protocol::DisplayName::new("Ada").expect("a name"),
        instance: client.sender.instance,
        attempt: 1,
        token: [1; 32],
        token_before: None,
        calls: client.places.keys().copied().collect(),
    }
}
