//! Takes the operating system's randomness and wall clock away from this process, so that a seed decides all.
//!
//! TLS, DTLS, hash maps and SDP take both from libc, below every parameter we could pass. A symbol that the
//! program itself defines comes before libc's, so the functions below answer instead. Linux on x86-64 with
//! glibc only; elsewhere [`seed`] says that runs do not repeat. The monotonic clock stays the real one: only
//! differences of it matter, and those are tokio's paused time.

#![cfg_attr(
    all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"),
    allow(unsafe_code, reason = "there is no safe way to define a symbol of libc")
)]

/// Begins the sequence of "random" bytes. Returns whether runs of one seed repeat on this platform.
pub(crate) fn seed(seed: u64) -> bool {
    platform::seed(seed)
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")))]
mod platform {
    pub(super) fn seed(_: u64) -> bool {
        false
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod platform {
    use std::{
        arch::asm,
        ffi::{c_int, c_long, c_uint, c_void},
        slice,
        sync::atomic::{AtomicU64, Ordering},
    };

    /// What `CLOCK_REALTIME` always says, in seconds since the Unix epoch: certificates made in a run are valid.
    const WALL_CLOCK_S: i64 = 1_800_000_000;
    const CLOCK_REALTIME: c_int = 0;
    const SOL_SOCKET: c_long = 1;
    const SO_REUSEADDR: c_long = 2;
    const INT_BYTES: c_long = 4;
    const SYS_BIND: c_long = 49;
    const SYS_SETSOCKOPT: c_long = 54;
    const SYS_CLOCK_GETTIME: c_long = 228;
    const SYS_GETRANDOM: c_long = 318;

    static STATE: AtomicU64 = AtomicU64::new(0);

    pub(super) fn seed(seed: u64) -> bool {
        STATE.store(seed, Ordering::Relaxed);
        true
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014): good enough to look random, and its state is one word.
    fn next() -> u64 {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut word = STATE.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn fill(bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&next().to_le_bytes()[..chunk.len()]);
        }
    }

    /// As `getrandom(2)`.
    ///
    /// # Safety
    /// `buffer` must be writable for `length` bytes.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, _flags: c_uint) -> isize {
        if length > 0 {
            // SAFETY: the caller promises it.
            fill(unsafe { slice::from_raw_parts_mut(buffer.cast(), length) });
        }
        isize::try_from(length).expect("no buffer is larger than half the address space")
    }

    /// As `getentropy(3)`.
    ///
    /// # Safety
    /// `buffer` must be writable for `length` bytes.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getentropy(buffer: *mut c_void, length: usize) -> c_int {
        // SAFETY: the caller promises it.
        unsafe { getrandom(buffer, length, 0) };
        0
    }

    /// As `clock_gettime(2)`, with the wall clock stopped.
    ///
    /// # Safety
    /// `time` must be writable for a `timespec`: two 64-bit integers.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut [i64; 2]) -> c_int {
        if clock == CLOCK_REALTIME {
            // SAFETY: the caller promises it.
            unsafe { time.write([WALL_CLOCK_S, 0]) };
            return 0;
        }
        // SAFETY: the kernel checks the pointer.
        let result = unsafe { syscall(SYS_CLOCK_GETTIME, c_long::from(clock), time as c_long, 0, 0, 0, 0) };
        if result == 0 { 0 } else { -1 }
    }

    /// As `bind(2)`, but two processes may have the same UDP address. The `webrtc` crate binds a real socket for a
    /// moment before the simulated network takes its address over, and several runs bind the same ones.
    ///
    /// # Safety
    /// `address` must be readable for `length` bytes.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bind(socket: c_int, address: *const c_void, length: c_uint) -> c_int {
        let on: c_int = 1;
        let socket = c_long::from(socket);
        // SAFETY: `on` outlives the call, and the kernel checks the caller's pointer.
        let result = unsafe {
            syscall(SYS_SETSOCKOPT, socket, SOL_SOCKET, SO_REUSEADDR, &raw const on as c_long, INT_BYTES, 0);
            syscall(SYS_BIND, socket, address as c_long, c_long::from(length), 0, 0, 0)
        };
        if result == 0 { 0 } else { -1 }
    }

    /// As `syscall(2)`, but for `getrandom`. Some crates ask the kernel for randomness by number.
    ///
    /// # Safety
    /// As the system call asks.
    #[unsafe(no_mangle)]
    #[allow(clippy::many_single_char_names, reason = "arguments that mean something else in each call")]
    unsafe extern "C" fn syscall(
        number: c_long,
        a: c_long,
        b: c_long,
        c: c_long,
        d: c_long,
        e: c_long,
        f: c_long,
    ) -> c_long {
        if number == SYS_GETRANDOM {
            let length = usize::try_from(b).unwrap_or(0);
            // SAFETY: the caller of `getrandom` by number promises what `getrandom` asks.
            return unsafe { getrandom(a as *mut c_void, length, 0) } as c_long;
        }
        let result: c_long;
        // SAFETY: the System V calling convention for system calls; the rest is the caller's promise.
        unsafe {
            asm!(
                "syscall",
                inlateout("rax") number => result,
                in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
                lateout("rcx") _, lateout("r11") _,
                options(nostack),
            );
        }
        if (-4095..0).contains(&result) {
            // SAFETY: libc's own place for this thread's error number.
            unsafe { *__errno_location() = c_int::try_from(-result).expect("below 4096") };
            return -1;
        }
        result
    }

    unsafe extern "C" {
        fn __errno_location() -> *mut c_int;
    }
}
