"""Projection (预测): forest carbon and its products carried forward in time."""
