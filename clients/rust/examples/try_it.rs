use chasqui_client::*;
use std::time::{Duration, Instant};
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let (url, ta, tb) = (&args[1], &args[2], &args[3]);
    let n: usize = args[4].parse()?;
    let dialect = Dialect::from_name(&args[5]).unwrap();
    let place = match args[6].as_str() { "header" => TokenIn::Header, "sub" => TokenIn::Subprotocol, "query" => TokenIn::Query, _ => TokenIn::FirstFrame };
    let pause: u64 = args[7].parse()?;
    let opt = |t: &str| -> Result<ConnectOptions, OptionsError> {
        let mut o = ConnectOptions::new(url)?.token(t).dialect(dialect).token_in(place);
        if let Some(h) = args.get(8) {
            let bytes: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&h[2 * i..2 * i + 2], 16).unwrap()).collect();
            o = o.trust(Trust::CertHashes(vec![bytes.try_into().unwrap()]));
        }
        Ok(o)
    };
    let mut a = Client::connect(opt(ta)?).await?;
    let mut b = Client::connect(opt(tb)?).await?;
    let mut ea = a.events().unwrap();
    let mut eb = b.events().unwrap();
    tokio::spawn(async move { while let Some(e) = ea.recv().await { if !matches!(e, ClientEvent::Notice(Notice::Told(_) | Notice::Ticked { .. } )) { println!("A {:.60}", format!("{e:?}")); } } });
    let got = tokio::spawn(async move { let mut got = 0; while let Some(e) = eb.recv().await { match e { ClientEvent::Notice(Notice::NewMessage { message, .. }) if message.content.starts_with("run") => { got += 1; if got == n { break } } ClientEvent::Notice(Notice::NewMessage { .. } | Notice::Told(_)) => {} e => println!("B {:.60}", format!("{e:?}")) } } got });
    let t = Instant::now();
    for i in 0..n {
        let ack = a.send(OwnedTarget::User(UserId::new("bob").unwrap()), format!("run {i}"), AckLevel::Durable).await?;
        if i == 0 || i == n - 1 { println!("{i} {ack:?}"); }
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    println!("sent in {:?}", t.elapsed());
    println!("bob got {}", tokio::time::timeout(Duration::from_secs(60), got).await??);
    println!("a {:?}\nb {:?}", a.stats().await, b.stats().await);
    let conv = a.create_conversation(client::new_client_id(), "group", vec![UserId::new("bob").unwrap()]).await;
    println!("{conv:?} {:?}", a.add_member(conv.clone()?, UserId::new("carol").unwrap()).await);
    println!("{:?}", b.add_member(conv?, UserId::new("dave").unwrap()).await);
    a.close().await;
    b.close().await;
    let bad = Client::connect(opt("nonsense")?).await;
    println!("{:?}", bad.map(|mut c| c.events()).err());
    Ok(())
}
