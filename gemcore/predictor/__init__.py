"""Score predictors: what a few trained cells say about all the others."""

from gemcore.predictor.config import PredictorConfig
from gemcore.predictor.making import load_predictor, make_predictor
from gemcore.predictor.protocol import Predictor

__all__ = ["Predictor", "PredictorConfig", "load_predictor", "make_predictor"]
