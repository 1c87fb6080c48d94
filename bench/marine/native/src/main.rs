//! The original Marine as native code behind the protocol of bench/marine/run.mjs: one JSON command a line of stdin, one JSON answer each.
//! The same commands in ours.c and js.mjs. Calls are timed by the thread's time on the processor, loads by the clock.
use futures::executor::block_on;
use marine::generic::MarineConfig;
use marine::{CallParameters, IValue, Marine, MarineModuleConfig, ModuleDescriptor, WasmBackend};
use serde_json::{json, Value};
use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::Instant;

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

/// Memory that is this process's alone, in bytes.
fn private_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let kib = |name: &str| -> u64 {
        let line = text.lines().find(|l| l.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (kib("Private_Clean:") + kib("Private_Dirty:")) * 1024
}

/// Compiles and starts: the original does both in one, each time.
fn start(backend: &WasmBackend, wasm: Vec<u8>) -> Marine {
    let module = ModuleDescriptor {
        load_from: None,
        file_name: "bench.wasm".into(),
        import_name: "bench".into(),
        config: MarineModuleConfig { logger_enabled: true, host_imports: HashMap::new(), wasi: Some(Default::default()), logging_mask: i32::MAX },
    };
    let config = MarineConfig { modules_dir: None, total_memory_limit: None, modules_config: vec![module], default_modules_config: None };
    let modules = HashMap::from([("bench".to_string(), wasm)]);
    block_on(Marine::with_modules(backend.clone(), modules, config)).expect("the module loads")
}

/// Bytes as the original's callers hand them over: JSON gives it arrays of single values.
fn compact(v: IValue) -> IValue {
    match v {
        IValue::Array(items) if !items.is_empty() && items.iter().all(|i| matches!(i, IValue::U8(_))) => {
            IValue::ByteArray(items.iter().map(|i| if let IValue::U8(b) = i { *b } else { 0 }).collect())
        }
        IValue::Array(items) => IValue::Array(items.into_iter().map(compact).collect()),
        IValue::Record(fields) => {
            let fields: Vec<IValue> = fields.into_vec().into_iter().map(compact).collect();
            IValue::Record(marine::ne_vec::NEVec::new(fields).unwrap())
        }
        other => other,
    }
}

fn values_of(marine: &Marine, function: &str, args: &Value) -> Vec<IValue> {
    let interface = marine.get_interface();
    let module = &interface.modules["bench"];
    let f = module.function_signatures.iter().find(|f| f.name.as_str() == function).unwrap();
    it_json_serde::json_to_ivalues(args.clone(), f.arguments.iter().map(|a| (&a.name, &a.ty)), module.record_types).unwrap().into_iter().map(compact).collect()
}

fn call(marine: &mut Marine, function: &str, args: Value) -> Value {
    block_on(marine.call_with_json_async("bench", function, args, CallParameters::default())).expect("the call answers")
}

/// One sample: `count` calls; its µs a call.
fn sample(marine: &mut Marine, how: &str, function: &str, text: &str, args: &Value, values: &[IValue], count: u64) -> f64 {
    let mut given: Vec<Value> = (0..if how == "tree" { count } else { 0 }).map(|_| args.clone()).collect(); // the call takes them
    let from = now_us();
    for _ in 0..count {
        match how {
            "values" => drop(block_on(marine.call_with_ivalues_async("bench", function, values, CallParameters::default())).unwrap()),
            "tree" => drop(call(marine, function, given.pop().unwrap())),
            _ => drop(serde_json::to_string(&call(marine, function, serde_json::from_str(text).unwrap())).unwrap()),
        }
    }
    (now_us() - from) / count as f64
}

fn time(marine: &mut Marine, c: &Value) -> Value {
    let (how, function) = (c["how"].as_str().unwrap(), c["function"].as_str().unwrap());
    let text = std::fs::read_to_string(c["args"].as_str().unwrap()).unwrap();
    let args: Value = serde_json::from_str(&text).unwrap();
    let values = values_of(marine, function, &args);
    let until = Instant::now();
    let (mut count, mut best) = (1, f64::MAX);
    while until.elapsed().as_secs_f64() * 1e3 < c["ms"].as_f64().unwrap() {
        let us = sample(marine, how, function, &text, &args, &values, count);
        best = best.min(us);
        count = ((200.0 / us) as u64).clamp(1, 1000); // samples of 200 µs
    }
    json!({ "us": best })
}

fn main() {
    let backend = <WasmBackend as marine_wasm_backend_traits::WasmBackend>::new_async().unwrap();
    let mut services: Vec<Marine> = vec![];
    for line in std::io::stdin().lock().lines() {
        let c: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let read = |key: &str| std::fs::read(c[key].as_str().unwrap()).unwrap();
        let answer = match c["do"].as_str().unwrap() {
            "load" => {
                services.clear();
                let from = Instant::now();
                services.push(start(&backend, read("file")));
                json!({ "us": from.elapsed().as_secs_f64() * 1e6 })
            }
            "start" => {
                services.clear();
                let (wasm, before, from) = (read("file"), private_bytes(), Instant::now());
                let count = c["count"].as_u64().unwrap();
                services.extend((0..count).map(|_| start(&backend, wasm.clone())));
                let us = from.elapsed().as_secs_f64() * 1e6;
                json!({ "us": us / count as f64, "bytes": (private_bytes() - before) / count })
            }
            "answer" => {
                let args = serde_json::from_slice(&read("args")).unwrap();
                json!({ "result": call(services.last_mut().unwrap(), c["function"].as_str().unwrap(), args) })
            }
            "time" => time(services.last_mut().unwrap(), &c),
            other => panic!("{other}?"),
        };
        println!("{answer}");
        std::io::stdout().flush().unwrap();
    }
}
