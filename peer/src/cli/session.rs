//! One stay in a call, from the command line: connect, join, send, print, record, leave.

use super::{
    args::{Args, Command, Common, Join},
    exit::{Exit, Failure},
    expect::Expectation,
    lines::Lines,
};
use crate::{
    client::{Client, ClientError, Options, Playing, Streams},
    event::{Event, Received, Stamped},
    media::{Clip, Section, recorder::Recorder},
    system,
};
use holdfast_protocol::{MediaState, Participant, ParticipantId};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// How long the last events of leaving are waited for.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (common, video, audio, echo) = match args.command {
        Command::Join(Join { common, video, audio }) => (common, video.video()?, audio.audio()?, false),
        Command::Echo(common) => (common, None, None, true),
    };
    let file_error = |error: std::io::Error| Failure::new(Exit::File, error.to_string());
    let recorder = common.record.as_deref().map(Recorder::new).transpose().map_err(file_error)?;
    let (client, streams) = connect(&common).await?;
    let media = MediaState { audio: audio.is_some(), camera: video.is_some(), ..Default::default() };
    let snapshot = client.join(common.url.room().clone(), media).await.map_err(|error| refused(&error))?;
    tracing::info!(call = %snapshot.id, "joined");
    let _playing = play(&client, video, audio);
    let session = Session {
        client: Some(client),
        lines: Lines::new(common.events),
        recorder,
        expectation: common.expect_media.then(Expectation::default),
        echo: echo.then(BTreeMap::new),
        ended: false,
    };
    session.run(streams, &common).await
}

async fn connect(common: &Common) -> Result<(Client, Streams), Failure> {
    let environment = system::environment_trusting(&common.url, common.ca.as_deref())
        .map_err(|error| Failure::new(Exit::Hub, error.to_string()))?;
    let options = Options {
        connect_timeout: common.connect_timeout,
        recovery: !common.no_recovery,
        ..Options::new(common.url.socket_url(), common.name.clone())
    };
    Client::connect(environment, options).await.map_err(|error| Failure::new(Exit::Hub, error.to_string()))
}

fn refused(error: &ClientError) -> Failure {
    let exit = if matches!(error, ClientError::Refused(_)) { Exit::Call } else { Exit::Hub };
    Failure::new(exit, error.to_string())
}

fn play(client: &Client, video: Option<Clip>, audio: Option<Clip>) -> Vec<Playing> {
    [(Section::Camera, video), (Section::Audio, audio)]
        .into_iter()
        .filter_map(|(section, clip)| clip.map(|clip| client.play(section, clip)))
        .collect()
}

struct Session {
    /// Until it leaves.
    client: Option<Client>,
    lines: Lines,
    recorder: Option<Recorder>,
    expectation: Option<Expectation>,
    /// For `echo`: what each participant sends, so that the same is announced in return.
    echo: Option<BTreeMap<ParticipantId, MediaState>>,
    ended: bool,
}

impl Session {
    async fn run(mut self, mut streams: Streams, common: &Common) -> Result<(), Failure> {
        // A time too far off to be told is never.
        let end = common.duration.and_then(|duration| Instant::now().checked_add(duration));
        let mut stats = common.stats_every.map(tokio::time::interval);
        let mut stop = std::pin::pin!(stop_signal());
        loop {
            tokio::select! {
                event = streams.events.recv() => match event {
                    Some(event) => self.event(&event).await,
                    None => break,
                },
                Some(received) = streams.received.recv() => self.received(received).await,
                () = tick(&mut stats) => self.stats().await,
                () = until(end) => break,
                () = &mut stop => break,
            }
            if self.ended {
                return Err(Failure::new(Exit::Hub, "the hub does not take this client any more"));
            }
        }
        self.leave(streams).await
    }

    async fn event(&mut self, event: &Stamped) {
        self.lines.event(event);
        if let Some(expectation) = &mut self.expectation {
            expectation.take(event);
        }
        match &event.event {
            Event::PeerJoined(Participant { id, name, media, .. }) => {
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
            Event::Ended => self.ended = true,
            _ => {}
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

    async fn leave(mut self, mut streams: Streams) -> Result<(), Failure> {
        self.stats().await;
        let Some(client) = self.client.take() else { return Ok(()) };
        let now_ms = client.now_ms();
        // Judged as it is now: leaving itself ends every pair.
        let verdict = self.expectation.take().map_or(Ok(()), |expectation| expectation.verdict(now_ms));
        client.leave().await;
        drop(client);
        let farewell = async {
            while let Some(event) = streams.events.recv().await {
                self.lines.event(&event);
            }
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
        verdict.map_err(|why| Failure::new(Exit::Media, why))?;
        let recorded = self.recorder.take().map_or(Ok(()), Recorder::finish);
        recorded.map_err(|why| Failure::new(Exit::File, why))
    }
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
