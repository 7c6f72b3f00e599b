//! Instructions that the hot path takes, counted by valgrind: the same numbers on a busy machine as on a quiet one.
//!
//! `cargo xtask instructions` compares them with the committed `benches/instructions.toml`. Each bench works on so many
//! messages that what is done once hardly counts; making its fixture and dropping it is not counted at all. Options of the
//! runner are given by its environment variables, such as `GUNGRAUN_OUTPUT_FORMAT`.

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Where the runner asks this program for one bench.
const RUN_ONE: &str = "--gungraun-run";

fn main() -> ExitCode {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools").join("bin");
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    if env::args().nth(1).as_deref() == Some(RUN_ONE) || folders.first() == Some(&tools) {
        counts::run();
        return ExitCode::SUCCESS;
    }
    if env::args().skip(1).any(|argument| argument != "--bench") {
        eprintln!("instructions are not counted: arguments are criterion's");
        return ExitCode::SUCCESS;
    }
    if !tools.join("gungraun-runner").is_file() || !folders.iter().any(|folder| folder.join("valgrind").is_file()) {
        eprintln!("instructions are not counted: `cargo xtask instructions` installs what that needs");
        return ExitCode::SUCCESS;
    }
    with_path(&[&[tools], folders.as_slice()].concat())
}

/// This program again, with the runner on its path.
fn with_path(folders: &[std::path::PathBuf]) -> ExitCode {
    let path = env::join_paths(folders).expect("they come from a path");
    let program = env::current_exe().expect("a program has a place");
    let status = Command::new(program).arg("--bench").env("PATH", path).status();
    if status.expect("a program can start itself").success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

mod counts {
    use std::hint::black_box;

    use chasqui_benches::core::Core;
    use chasqui_benches::fan_out::FanOut;
    use chasqui_benches::sample;
    use chasqui_proto::dialect::{self, Dialect, Scratch};
    use chasqui_proto::event::Event;
    use chasqui_proto::ids::{ConvId, SessionId};
    use chasqui_proto::ws::encode;
    use chasqui_proto::ws::{Decoder, Input, Limits, Opcode};
    use gungraun::{library_benchmark, library_benchmark_group, main};
    use rkyv::util::AlignedVec;

    /// Messages of each bench.
    const MESSAGES: usize = 1_000;
    /// A room's messages: each counts for all its members.
    const ROOM_MESSAGES: usize = 100;
    const ROOM_MEMBERS: usize = 200;

    fn command(dialect: Dialect) -> (Dialect, AlignedVec<8>, Scratch) {
        (dialect, sample::aligned(&sample::command_frame(dialect, &sample::send())), Scratch::default())
    }

    #[library_benchmark]
    #[bench::native(command(Dialect::Native))]
    #[bench::json(command(Dialect::Json))]
    fn decode_send(fixture: (Dialect, AlignedVec<8>, Scratch)) -> (AlignedVec<8>, Scratch) {
        let (dialect, frame, mut scratch) = fixture;
        for _ in 0..MESSAGES {
            let command = dialect::decode_command(dialect, black_box(&frame), &mut scratch);
            black_box(command.expect("the frame is well formed"));
        }
        (frame, scratch)
    }

    fn event(dialect: Dialect, event: Event) -> (Dialect, Event, Vec<u8>) {
        (dialect, event, Vec::with_capacity(1_024))
    }

    #[library_benchmark]
    #[bench::native_message(event(Dialect::Native, sample::message()))]
    #[bench::native_ack(event(Dialect::Native, sample::ack()))]
    #[bench::json_message(event(Dialect::Json, sample::message()))]
    #[bench::json_ack(event(Dialect::Json, sample::ack()))]
    fn encode_event(fixture: (Dialect, Event, Vec<u8>)) -> (Event, Vec<u8>) {
        let (dialect, event, mut out) = fixture;
        for _ in 0..MESSAGES {
            out.clear();
            dialect::encode_event(dialect, black_box(&event), &mut out);
            black_box(out.as_slice());
        }
        (event, out)
    }

    #[library_benchmark]
    #[bench::masked(sample::client_chunk(MESSAGES))]
    fn ws_decode(mut chunk: Vec<u8>) -> Vec<u8> {
        let mut decoder = Decoder::new(Limits::default());
        let mut input = Input::new(&mut chunk);
        while let Some(event) = decoder.next(&mut input).expect("the frames are well formed") {
            black_box(event);
        }
        chunk
    }

    #[library_benchmark]
    #[bench::frame(sample::event_frame(Dialect::Native, &sample::message()))]
    fn ws_encode(payload: Vec<u8>) -> Vec<u8> {
        let mut out = Vec::with_capacity(1_024);
        for _ in 0..MESSAGES {
            out.clear();
            encode::frame(&mut out, Opcode::Binary, black_box(&payload));
            black_box(out.as_slice());
        }
        payload
    }

    /// Warm: tables have their final size.
    fn direct() -> (Core, SessionId, ConvId) {
        let mut core: Core = Core::default();
        let (alice, _bob) = (core.open("alice"), core.open("bob"));
        let conv = core.direct(alice, "bob");
        (0..5 * MESSAGES).for_each(|_| core.send(alice, conv));
        (core, alice, conv)
    }

    fn room() -> (Core, SessionId, ConvId) {
        let mut core: Core = Core::default();
        let members: Vec<String> = (1..ROOM_MEMBERS).map(|index| format!("member-{index}")).collect();
        let creator = core.open("creator");
        members.iter().for_each(|name| _ = core.open(name));
        let conv = core.group(creator, &members);
        (0..5 * MESSAGES).for_each(|_| core.send(creator, conv));
        (core, creator, conv)
    }

    #[library_benchmark]
    #[bench::direct(direct(), MESSAGES)]
    #[bench::room_of_200(room(), ROOM_MESSAGES)]
    fn core_step(fixture: (Core, SessionId, ConvId), messages: usize) -> Core {
        let (mut core, from, conv) = fixture;
        (0..messages).for_each(|_| core.send(from, conv));
        core
    }

    #[library_benchmark]
    #[bench::native(FanOut::new(&[Dialect::Native], ROOM_MEMBERS), sample::message())]
    #[bench::both_dialects(FanOut::new(&Dialect::ALL, ROOM_MEMBERS), sample::message())]
    fn fan_out_encode(mut fan_out: FanOut, event: Event) -> (FanOut, Event) {
        for _ in 0..ROOM_MESSAGES {
            fan_out.send(black_box(&event));
            fan_out.drain();
        }
        (fan_out, event)
    }

    library_benchmark_group!(name = codec, benchmarks = [decode_send, encode_event]);
    library_benchmark_group!(name = framing, benchmarks = [ws_decode, ws_encode]);
    library_benchmark_group!(name = steps, benchmarks = core_step);
    library_benchmark_group!(name = fanning, benchmarks = fan_out_encode);
    main!(library_benchmark_groups = [codec, framing, steps, fanning]);

    pub fn run() {
        main();
    }
}
