//! A token's check at connect, for each family of keys: the signature, then the claims.

use std::hint::black_box;

use chasqui_relay::auth::Verifier;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
