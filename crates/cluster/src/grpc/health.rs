//! The standard health service: a process serves while it is ready and not about to stop.

use tonic_health::{ServingStatus, server::HealthReporter};

use super::Process;

/// Keeps the health of the process and of the services with these names up to date. Does not end.
pub(super) async fn report(reporter: HealthReporter, process: Process, names: Vec<&'static str>) {
    let mut missing = process.readiness.watch();
    loop {
        let ready = missing.borrow_and_update().is_empty();
        let status = match ready && !process.shutdown.is_cancelled() {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        };
        // The empty name stands for the process.
        for name in names.iter().copied().chain([""]) {
            reporter.set_service_status(name, status).await;
        }
        if process.shutdown.is_cancelled() {
            return std::future::pending().await;
        }
        tokio::select! {
            changed = missing.changed() => if changed.is_err() {
                // Nobody is left who could make it ready or unready: only a stop changes anything.
                process.shutdown.cancelled().await;
            },
            () = process.shutdown.cancelled() => {}
        }
    }
}
