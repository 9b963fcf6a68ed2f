import time
from tests.kill.processes import *
def test_x(shop):
    shop.sandbox.reset(orders=5, skus=12, plain=True); shop.configure(http={"in_flight":1})
    p=passed(shop,"orders","pull","-v")
    for k in range(3):
            shop.clock.advance(minutes=5)
            t=time.perf_counter(); p=passed(shop,"orders","pull"); print(len(p), time.perf_counter()-t)
