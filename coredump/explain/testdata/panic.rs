mod web {
    pub struct Server {
        pub n: usize,
    }
    impl Server {
        #[inline(never)]
        pub fn handle(&self, list: &[i32]) -> i32 {
            let got = list[self.n];
            std::hint::black_box(got)
        }
        #[inline(never)]
        pub fn serve(&self) -> i32 {
            std::hint::black_box(self.handle(std::hint::black_box(&[1, 2, 3]))) + 1
        }
    }
}

fn main() {
    let server = web::Server { n: std::hint::black_box(7) };
    std::process::exit(server.serve());
}
