//! What the tests of calls say and await.

use crate::support::{Client, ON, TestHub};
use holdfast_protocol::{
    CallId, CallSnapshot, ClientFrame, CommandId, DirectoryEntry, DirectoryQuery, EndReason, GuestCredential,
    HubFrame, IncomingCall, Presence, UserId, Welcome,
};

impl TestHub {
    /// Another device of the same user.
    pub(crate) async fn device_of(&self, welcome: &Welcome) -> (Client, Welcome) {
        let mut client = self.connect().await;
        let guest = GuestCredential { user: welcome.user, secret: welcome.guest_secret.clone() };
        let again = client.hello(welcome.name.as_str(), Some(guest), None).await;
        assert_eq!(again.user, welcome.user);
        (client, again)
    }

    /// Two users in a direct call, the caller first.
    pub(crate) async fn in_direct_call(&self) -> ((Client, Welcome), (Client, Welcome), CallSnapshot) {
        let (mut ada, ada_welcome) = self.welcomed("Ada").await;
        let (mut bob, bob_welcome) = self.welcomed("Bob").await;
        let call = ada.ring(bob_welcome.user).await;
        let incoming = bob.incoming().await;
        assert_eq!((incoming.call, incoming.from.user), (call.id, ada_welcome.user));
        bob.accept(call.id).await;
        assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
        ((ada, ada_welcome), (bob, bob_welcome), call)
    }
}

impl Client {
    pub(crate) async fn send_call(&mut self, to: UserId) -> CommandId {
        let id = self.id();
        self.send(ClientFrame::Call { id, to, media: ON }).await;
        id
    }

    /// Rings a user who can be rung.
    pub(crate) async fn ring(&mut self, to: UserId) -> CallSnapshot {
        let id = self.send_call(to).await;
        match self.next().await {
            HubFrame::Ringing { in_reply_to, call } if in_reply_to == id => call,
            other => panic!("not ringing: {other:?}"),
        }
    }

    pub(crate) async fn incoming(&mut self) -> IncomingCall {
        match self.next().await {
            HubFrame::IncomingCall(incoming) => incoming,
            other => panic!("not an incoming call: {other:?}"),
        }
    }

    pub(crate) async fn send_accept(&mut self, call: CallId) -> CommandId {
        let id = self.id();
        self.send(ClientFrame::Accept { id, call, media: ON }).await;
        id
    }

    pub(crate) async fn accept(&mut self, call: CallId) -> CallSnapshot {
        let id = self.send_accept(call).await;
        match self.next().await {
            HubFrame::Joined { in_reply_to, call } if in_reply_to == id => call,
            other => panic!("not joined: {other:?}"),
        }
    }

    pub(crate) async fn decline(&mut self, call: CallId) {
        let id = self.id();
        self.send(ClientFrame::Decline { id, call }).await;
        assert_eq!(self.next().await, HubFrame::Left { in_reply_to: id, call });
    }

    pub(crate) async fn send_rejoin(&mut self, call: CallId) -> CommandId {
        let id = self.id();
        self.send(ClientFrame::Rejoin { id, call, media: ON }).await;
        id
    }

    /// Wants back into a call that is over.
    pub(crate) async fn too_late_for(&mut self, call: CallId) -> EndReason {
        let id = self.send_rejoin(call).await;
        match self.next().await {
            HubFrame::CallOver { in_reply_to, call: over, reason } if (in_reply_to, over) == (id, call) => {
                reason
            }
            other => panic!("not over: {other:?}"),
        }
    }

    pub(crate) async fn end(&mut self, call: CallId) -> CommandId {
        let id = self.id();
        self.send(ClientFrame::End { id, call }).await;
        id
    }

    /// Why the call ended; that it did is the next thing heard.
    pub(crate) async fn ended(&mut self, call: CallId) -> EndReason {
        match self.next().await {
            HubFrame::CallEnded { call: ended, reason } if ended == call => reason,
            other => panic!("not the end: {other:?}"),
        }
    }

    pub(crate) async fn search(&mut self, query: &str) -> Vec<DirectoryEntry> {
        let id = self.id();
        self.send(ClientFrame::Directory { id, query: DirectoryQuery::new(query).unwrap() }).await;
        match self.next().await {
            HubFrame::Directory { in_reply_to, users, more } => {
                assert_eq!((in_reply_to, more), (id, false));
                users
            }
            other => panic!("not a directory: {other:?}"),
        }
    }

    pub(crate) async fn presence(&mut self) -> (UserId, Presence) {
        match self.next().await {
            HubFrame::Presence { user, presence } => (user, presence),
            other => panic!("not a presence: {other:?}"),
        }
    }
}
