//! The original interpreter as native code behind the protocol of bench/avm/run.mjs: commands on lines of stdin, an answer in JSON for each.
//! Only execute_air and the drop of its outcome are timed; inputs are cloned before. Same commands in ours.c and wasm.c.
use air_interpreter_interface::{InterpreterOutcome, RunParameters};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::io::{BufRead, Write as _};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};
use std::time::Instant; // for budgets only

#[repr(C)]
struct TimeSpec(i64, i64);
extern "C" {
    fn clock_gettime(clock: i32, out: *mut TimeSpec) -> i32;
}

/// The thread's time on the processor (CLOCK_THREAD_CPUTIME_ID), in µs: what other programs take of it does not count.
fn now_us() -> f64 {
    let mut t = TimeSpec(0, 0);
    unsafe { clock_gettime(3, &mut t) };
    t.0 as f64 * 1e6 + t.1 as f64 / 1e3
}

/// Counts what is asked for while `ON`, for peaks of memory; otherwise only passes on.
struct Counting;
static COUNT: AtomicBool = AtomicBool::new(false); // in the next calls
static ON: AtomicBool = AtomicBool::new(false);
static NOW: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

fn grow(bytes: isize) {
    PEAK.fetch_max(NOW.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if ON.load(Relaxed) {
            grow(layout.size() as isize);
        }
        System.alloc(layout)
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        if ON.load(Relaxed) {
            grow(-(layout.size() as isize));
        }
        System.dealloc(ptr, layout)
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if ON.load(Relaxed) {
            grow(size as isize - layout.size() as isize);
        }
        System.realloc(ptr, layout, size)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Clone, Default)]
struct Invoke {
    script: String,
    prev: Vec<u8>,
    cur: Vec<u8>,
    results: Vec<u8>,
    init: String,
    current: String,
    particle: String,
    secret: Vec<u8>,
    timestamp: u64,
    ttl: u32,
}

impl Invoke {
    fn params(&self) -> RunParameters {
        RunParameters::new(
            self.init.clone(), self.current.clone(), self.timestamp, self.ttl, 0, self.secret.clone(), self.particle.clone(),
            16 << 20, 64 << 20, 32 << 20, false,
        )
    }
    fn inputs_bytes(&self) -> usize {
        self.script.len() + self.prev.len() + self.cur.len() + self.results.len()
    }
    /// The outcome, and the time in µs.
    fn run(&self) -> (InterpreterOutcome, f64) {
        let (script, prev, cur, params, results) =
            (self.script.clone(), self.prev.clone(), self.cur.clone(), self.params(), self.results.clone());
        ON.store(COUNT.load(Relaxed), Relaxed);
        let start = now_us();
        let outcome = air::execute_air(script, prev, cur, params, results.into());
        let us = now_us() - start;
        ON.store(false, Relaxed);
        (outcome, us)
    }
}

struct Reader(Vec<u8>, usize);

impl Reader {
    fn take(&mut self, len: usize) -> &[u8] {
        self.1 += len;
        &self.0[self.1 - len..self.1]
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }
    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }
    fn bytes(&mut self) -> Vec<u8> {
        let len = self.u32() as usize;
        self.take(len).to_vec()
    }
    fn text(&mut self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

fn load(path: &str) -> Vec<Invoke> {
    let mut r = Reader(std::fs::read(path).expect("the file of invokes"), 0);
    let count = r.u32();
    (0..count)
        .map(|_| Invoke {
            script: r.text(), prev: r.bytes(), cur: r.bytes(), results: r.bytes(), init: r.text(), current: r.text(),
            particle: r.text(), secret: r.bytes(), timestamp: r.u64(), ttl: r.u32(),
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        write!(out, "{b:02x}").unwrap();
        out
    })
}

fn time(invoke: &Invoke, budget_ms: u64) -> String {
    let start = Instant::now();
    let mut times = vec![];
    while times.is_empty() || start.elapsed().as_millis() < budget_ms as u128 {
        let (outcome, run) = invoke.run();
        let start = now_us();
        drop(outcome);
        times.push(run + now_us() - start);
    }
    times.sort_by(f64::total_cmp);
    format!("{{\"runs\":{},\"best\":{:.3},\"median\":{:.3}}}", times.len(), times[0], times[times.len() / 2])
}

fn answer(invoke: &Invoke) -> String {
    let (o, _) = invoke.run();
    let peers: Vec<_> = o.next_peer_pks.iter().map(|p| hex(p.as_bytes())).collect();
    format!(
        "{{\"ret_code\":{},\"error_message\":\"{}\",\"data\":\"{}\",\"next_peers\":{:?},\"call_requests\":\"{}\"}}",
        o.ret_code, hex(o.error_message.as_bytes()), hex(&o.data), peers, hex(&o.call_requests)
    )
}

/// What is held at most during the call beyond the copies of the inputs that it is given, as malloc was asked for it.
fn peak(invoke: &Invoke) -> String {
    NOW.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    COUNT.store(true, Relaxed);
    drop(invoke.run());
    COUNT.store(false, Relaxed);
    format!("{{\"bytes\":{},\"inputs\":{}}}", PEAK.load(Relaxed), invoke.inputs_bytes())
}

/// Entries of the MessagePack map that call requests are, after the two bytes that name the codec.
fn requests_count(bytes: &[u8]) -> u32 {
    match bytes {
        [_, _, head, ..] if head & 0xf0 == 0x80 => (head & 15) as u32,
        [_, _, 0xde, a, b, ..] => u16::from_be_bytes([*a, *b]) as u32,
        [_, _, 0xdf, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

fn put_str(out: &mut Vec<u8>, s: &str) {
    out.push(0xdb);
    out.extend((s.len() as u32).to_be_bytes());
    out.extend(s.as_bytes());
}

fn results_of(first: u32, count: u32) -> Vec<u8> {
    let mut out = vec![0x81, 0x04, 0xdf];
    out.extend(count.to_be_bytes());
    for id in first..first + count {
        put_str(&mut out, &id.to_string());
        out.push(0x82);
        put_str(&mut out, "ret_code");
        out.push(0);
        put_str(&mut out, "result");
        put_str(&mut out, &format!("{{\"answer\":{id},\"text\":\"xxxxxxxxxxxxxxxxxxxx\"}}"));
    }
    out
}

/// Answers every request until none is left; all calls of the script are for the peer that runs it.
fn end(invoke: &Invoke) -> String {
    let mut step = invoke.clone();
    let (mut asked, mut steps, mut us) = (0, 0, 0.0);
    loop {
        let (outcome, run) = step.run();
        steps += 1;
        us += run;
        let count = requests_count(&outcome.call_requests);
        if outcome.ret_code != 0 || count == 0 {
            return format!("{{\"ret_code\":{},\"steps\":{steps},\"us\":{us:.1},\"bytes\":{}}}", outcome.ret_code, outcome.data.len());
        }
        step.results = results_of(asked + 1, count);
        asked += count;
        step.prev = outcome.data;
    }
}

fn main() {
    let mut list = vec![];
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let mut words = line.split(' ');
        let command = words.next().unwrap_or("");
        let path = words.clone().next().unwrap_or("").to_owned();
        let mut number = || words.next().and_then(|w| w.parse::<u64>().ok()).unwrap_or(0);
        let said = match command {
            "load" => {
                list = load(&path);
                format!("{{\"count\":{}}}", list.len())
            }
            "time" => time(&list[number() as usize], number()),
            "answer" => answer(&list[number() as usize]),
            "peak" => peak(&list[number() as usize]),
            "end" => end(&list[number() as usize]),
            _ => "{\"error\":\"unknown command\"}".to_owned(),
        };
        println!("{said}");
        std::io::stdout().flush().unwrap();
    }
}
