use std::time::Instant;
use winback_kernels::*;
fn time(name: &str, per: f64, mut f: impl FnMut()) { f(); let mut best = f64::MAX; for _ in 0..7 { let t = Instant::now(); f(); best = best.min(t.elapsed().as_secs_f64()); } println!("  {name:<22} {:8.3} ns", best / per * 1e9); }
fn main() {
    let n = 1 << 16; let mut s = 12345u64; let mut r = || { s ^= s << 13; s ^= s >> 7; s ^= s << 17; s };
    let values: Vec<f32> = (0..n).map(|_| (r() % 100000) as f32 / 100.0).collect();
    let borders: Vec<f32> = (0..254).map(|i| i as f32 * 4.0).collect(); let borders = Borders::new(&borders);
    let cols: Vec<Vec<u8>> = (0..40).map(|_| (0..n).map(|_| r() as u8).collect()).collect();
    let labels: Vec<bool> = (0..n).map(|_| r() % 10 == 0).collect();
    let margins: Vec<i32> = (0..n).map(|_| (r() % 100_000_000) as i32 - 50_000_000).collect();
    let words: Vec<u64> = (0..n).map(|_| r()).collect(); let rows: Vec<u32> = (0..n as u32).collect(); let grads: Vec<i64> = (0..n).map(|_| pack((r() % 2000) as i32 - 1000, (r() % 1000) as i32)).collect();
    let table: [i32; 64] = std::array::from_fn(|i| i as i32 * 1000);
    for cpu in Cpu::all() { println!("{}", cpu.name());
        let mut bins = vec![0u8; n]; time("bins", n as f64, || cpu.bins(&borders, &values, &mut bins));
        let mut leaves = vec![0u8; 128];
        let q = |b: usize| -> [Question<'_>; 6] { std::array::from_fn(|k| Question { bins: &cols[k * 5][b..b + 128], shift: 0, above: 100 }) };
        time("leaves 6, blocks 128", n as f64, || for b in (0..n).step_by(128) { cpu.leaves(&q(b), &mut leaves); std::hint::black_box(&leaves); });
        let qq: Vec<Question> = (0..6).map(|k| Question { bins: &cols[k * 5], shift: 0, above: 100 }).collect(); let mut ll = vec![0u8; n];
        time("leaves 6, whole", n as f64, || cpu.leaves(&qq, &mut ll));
        let mut sums = vec![0i32; 128];
        time("table, blocks 128", n as f64, || for b in (0..n).step_by(128) { cpu.add_table(&table, &ll[b..b + 128], &mut sums); });
        let (mut g, mut h) = (vec![0; n], vec![0; n]); time("gradients", n as f64, || cpu.gradients(&margins, &labels, &mut g, &mut h));
        let mut gains = vec![0f32; 256]; let hist: Vec<i64> = grads[..256].to_vec(); let tot = hist.iter().sum();
        time("gains a bin", 256.0 * 1000.0, || for _ in 0..1000 { cpu.gains(&hist, tot, Scale { gradient: 1e-3, hessian: 1e-3, l2: 3.0 }, &mut gains) });
        let mut hs: Box<Histograms> = Box::new([[0; 256]; 8]); time("histograms a cell", n as f64 * 8.0, || cpu.histograms(&words, &rows, &grads, &mut hs));
        let mut spare = vec![]; time("partition", n as f64, || { let mut a = rows.clone(); let mut b = grads.clone(); cpu.partition(WordQuestion { words: &words, column: 2, shift: 0, above: 100 }, &mut a, &mut b, &mut spare); });
    }
}
