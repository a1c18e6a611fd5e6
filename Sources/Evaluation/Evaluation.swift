import Ranking
