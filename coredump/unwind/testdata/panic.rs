// A panic that aborts, below a closure and a generic function.
use std::hint::black_box;

#[inline(never)]
fn apply<F: Fn(usize) -> usize>(f: F, n: usize) -> usize {
    black_box(f(n)) + 1
}

#[inline(never)]
fn index(v: &[usize], n: usize) -> usize {
    v[n]
}

fn main() {
    let v = black_box(vec![1, 2, 3]);
    if std::env::args().nth(1).as_deref() == Some("null") {
        unsafe { *black_box(std::ptr::null_mut::<u8>()) = 1 };
    }
    let n = std::env::args().count();
    std::process::exit(apply(|i| index(&v, i + 5), n) as i32);
}
