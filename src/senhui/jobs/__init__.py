"""Long work in processes of its own (任务): progress, estimate of the time left, cancel, log.

A room registers its long actions at start-up with `registry.register(kind, function)`; `actions.start_job` queues
one; the worker (`worker.run_worker`, in the terminal `senhui work`) runs it as `python -m senhui.jobs.run` and is
the only one that writes its row afterwards. Why so: docs/decisions/0008-jobs.md. Cases: tests/jobs/.
"""
