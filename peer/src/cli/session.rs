//! One run from the command line: connect, get into calls, send, print, record, leave.

use super::{
    args::{Args, Command, Common, Sources},
    entrance::{self, Aim},
    exit::{Exit, Failure},
    expect::Expectation,
    lines::Lines,
    prompt::{Prompt, Word},
};
use crate::{
    client::{Client, ClientError, Playing, Streams},
    event::{Event, Received, Stamped},
    media::{Clip, Section, recorder::Recorder},
};
use holdfast_protocol::{CallId, CallSnapshot, CallState, EndReason, MediaState, Participant, ParticipantId};
use std::{collections::BTreeMap, time::Duration};
use tokio::{sync::mpsc, time::Instant};

/// How long the last events of leaving are waited for.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (aim, sources, common) = match args.command {
        Command::Join(join) => (Aim::Room(join.url), Some(join.sources), join.common),
        Command::Echo(echo) => (Aim::Room(echo.url), None, echo.common),
        Command::Call(call) => (Aim::User { to: call.to, hub: call.hub }, Some(call.sources), call.common),
        Command::Answer(answer) => {
            let aim = Aim::Calls { hub: answer.hub, auto: answer.auto, once: answer.once };
            (aim, Some(answer.sources), answer.common)
        }
    };
    let echo = sources.is_none();
    let (video, audio) = clips(sources)?;
    let file_error = |error: std::io::Error| Failure::new(Exit::File, error.to_string());
    let recorder = common.record.as_deref().map(Recorder::new).transpose().map_err(file_error)?;
    let (client, streams, kept) = entrance::connect(&aim, &common).await?;
    let media = MediaState { audio: audio.is_some(), camera: video.is_some(), ..Default::default() };
    let call = match entrance::enter(&client, &aim, kept, media).await {
        Ok(call) => call,
        Err(failure) => {
            drop(client);
            farewell(streams, |_| {}).await;
            return Err(failure);
        }
    };
    let _playing = play(&client, video, audio);
    let (answers, answered) = mpsc::channel(1);
    let mut session = Session {
        client: Some(client),
        media,
        lines: Lines::new(common.events),
        recorder,
        expectation: common.expect_media.then(Expectation::default),
        echo: echo.then(BTreeMap::new),
        prompt: Prompt::new(&aim),
        in_call: None,
        duration: common.duration,
        leave_at: None,
        answers,
        end: None,
    };
    if let Some(call) = call {
        session.entered(&call);
    }
    session.run(streams, answered, &common).await
}

fn clips(sources: Option<Sources>) -> Result<(Option<Clip>, Option<Clip>), Failure> {
    let Some(Sources { video, audio }) = sources else { return Ok((None, None)) };
    Ok((video.video()?, audio.audio()?))
}

fn play(client: &Client, video: Option<Clip>, audio: Option<Clip>) -> Vec<Playing> {
    [(Section::Camera, video), (Section::Audio, audio)]
        .into_iter()
        .filter_map(|(section, clip)| clip.map(|clip| client.play(section, clip)))
        .collect()
}

/// What became of a call that was accepted or declined.
type Answered = Result<(), ClientError>;

struct Session {
    /// Until it leaves.
    client: Option<Client>,
    media: MediaState,
    lines: Lines,
    recorder: Option<Recorder>,
    expectation: Option<Expectation>,
    /// For `echo`: what each participant sends, so that the same is announced in return.
    echo: Option<BTreeMap<ParticipantId, MediaState>>,
    /// For `answer`.
    prompt: Option<Prompt>,
    in_call: Option<CallId>,
    duration: Option<Duration>,
    /// From when the call was joined or accepted.
    leave_at: Option<Instant>,
    answers: mpsc::Sender<Answered>,
    end: Option<End>,
}

/// Why it is over.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Its call is, for this reason.
    Call(EndReason),
    /// The hub does not take this client any more.
    Hub,
}

impl Session {
    async fn run(
        mut self,
        mut streams: Streams,
        mut answered: mpsc::Receiver<Answered>,
        common: &Common,
    ) -> Result<(), Failure> {
        let mut stats = common.stats_every.map(tokio::time::interval);
        let mut stop = std::pin::pin!(stop_signal());
        while self.end.is_none() {
            tokio::select! {
                event = streams.events.recv() => match event {
                    Some(event) => self.event(&event).await,
                    None => break,
                },
                Some(received) = streams.received.recv() => self.received(received).await,
                Some(Err(error)) = answered.recv() => eprintln!("holdfast-peer: it rings no more: {error}"),
                word = Prompt::word(&mut self.prompt) => self.told(word),
                () = tick(&mut stats) => self.stats().await,
                () = until(self.leave_at) => {
                    if !self.hang_up().await {
                        break;
                    }
                }
                () = &mut stop => break,
            }
        }
        match self.end {
            Some(End::Hub) => Err(Failure::new(Exit::Hub, "the hub does not take this client any more")),
            Some(End::Call(reason)) => {
                self.leave(streams).await?;
                match Exit::after(reason) {
                    Exit::Ok => Ok(()),
                    exit => Err(Failure::new(exit, format!("the call has ended: {}", reason.as_str()))),
                }
            }
            None => self.leave(streams).await,
        }
    }

    /// This client has its place in a call. Its time begins when somebody can be talked to.
    fn entered(&mut self, call: &CallSnapshot) {
        tracing::info!(call = %call.id, "joined");
        self.in_call = Some(call.id);
        if !matches!(call.state, CallState::Ringing { .. }) {
            self.begin();
        }
    }

    fn begin(&mut self) {
        // A time too far off to be told is never.
        let end = || self.duration.and_then(|duration| Instant::now().checked_add(duration));
        self.leave_at = self.leave_at.or_else(end);
    }

    fn over(&mut self, reason: EndReason) {
        (self.in_call, self.leave_at) = (None, None);
        if self.prompt.as_ref().is_none_or(|prompt| prompt.once) {
            self.end = Some(End::Call(reason));
        }
    }

    /// The time in the call is up; whether to go on without it, waiting for the next.
    async fn hang_up(&mut self) -> bool {
        if self.prompt.as_ref().is_none_or(|prompt| prompt.once) {
            return false;
        }
        (self.in_call, self.leave_at) = (None, None);
        if let Some(client) = &self.client {
            client.leave().await;
        }
        true
    }

    fn told(&self, word: Word) {
        let Some(client) = self.client.clone() else { return };
        let Word { call, accept } = word;
        let (answers, media) = (self.answers.clone(), self.media);
        // Beside everything else: the hub may be away.
        tokio::spawn(async move {
            let done =
                if accept { client.accept(call, media).await.map(drop) } else { client.decline(call).await };
            let _ = answers.send(done).await;
        });
    }

    async fn event(&mut self, event: &Stamped) {
        self.lines.event(event);
        if let Some(expectation) = &mut self.expectation {
            expectation.take(event);
        }
        match &event.event {
            Event::PeerJoined(Participant { id, name, media, .. }) => {
                self.begin();
                if let Some(recorder) = &mut self.recorder {
                    recorder.name(*id, name.clone());
                }
                self.mirror(*id, Some(*media)).await;
            }
            Event::PeerMedia { participant, media } => self.mirror(*participant, Some(*media)).await,
            Event::PeerLeft { participant, .. } => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.end(*participant);
                }
                self.mirror(*participant, None).await;
            }
            Event::Joined { call, .. } => self.in_call = Some(*call),
            Event::CallEnded { call, reason } | Event::CallOver { call, reason }
                if self.in_call == Some(*call) =>
            {
                self.over(*reason);
            }
            Event::Ended => self.end = Some(End::Hub),
            _ => {}
        }
        if let Some(prompt) = &mut self.prompt {
            prompt.take(&event.event);
        }
    }

    /// Announces as sent what any participant sends, since it goes back to it.
    async fn mirror(&mut self, participant: ParticipantId, media: Option<MediaState>) {
        let (Some(echo), Some(client)) = (&mut self.echo, &self.client) else { return };
        match media {
            Some(media) => echo.insert(participant, media),
            None => echo.remove(&participant),
        };
        let any = |on: fn(&MediaState) -> bool| echo.values().any(on);
        let union = MediaState {
            audio: any(|media| media.audio),
            camera: any(|media| media.camera),
            screen: any(|media| media.screen),
            screen_audio: any(|media| media.screen_audio),
        };
        let _ = client.set_media(union).await;
    }

    async fn received(&mut self, received: Received) {
        if let Some(recorder) = &mut self.recorder {
            recorder.record(&received);
        }
        let (Some(_), Some(client)) = (&self.echo, &self.client) else { return };
        match received {
            Received::Frame { participant, section, frame, .. } => {
                client.send_to(participant, section, frame);
            }
            Received::KeyFrameWanted { participant, section } => {
                let _ = client.request_key_frame(participant, section).await;
            }
            Received::Control { participant, message } => {
                if let Err(error) = client.send_control(participant, message).await {
                    tracing::debug!(%error, "a message was not sent back");
                }
            }
        }
    }

    async fn stats(&self) {
        if let Some(client) = &self.client
            && let Ok(pairs) = client.stats().await
        {
            self.lines.stats(client.now_ms(), &pairs);
        }
    }

    async fn leave(mut self, streams: Streams) -> Result<(), Failure> {
        self.stats().await;
        let Some(client) = self.client.take() else { return Ok(()) };
        let now_ms = client.now_ms();
        // Judged as it is now: leaving itself ends every pair.
        let verdict = self.expectation.take().map_or(Ok(()), |expectation| expectation.verdict(now_ms));
        client.leave().await;
        drop(client);
        farewell(streams, |event| self.lines.event(event)).await;
        verdict.map_err(|why| Failure::new(Exit::Media, why))?;
        let recorded = self.recorder.take().map_or(Ok(()), Recorder::finish);
        recorded.map_err(|why| Failure::new(Exit::File, why))
    }
}

/// The last events of a client that is let go.
async fn farewell(mut streams: Streams, mut tell: impl FnMut(&Stamped)) {
    let rest = async {
        while let Some(event) = streams.events.recv().await {
            tell(&event);
        }
    };
    let _ = tokio::time::timeout(FAREWELL, rest).await;
}

async fn tick(interval: &mut Option<tokio::time::Interval>) {
    match interval {
        Some(interval) => drop(interval.tick().await),
        None => std::future::pending().await,
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// Ctrl-C, or the request of a process manager.
async fn stop_signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::error!(%error, "SIGTERM will end the program without leaving the call");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
