import threading

from kombu import Connection

from pqlhub import file_broker

MESSAGES = 300


def test_a_reader_in_a_hurry_gets_every_message_whole(tmp_path):
    file_broker.register()
    folders = {name: str(tmp_path / "queue") for name in ("data_folder_in", "data_folder_out")}
    options = folders | {"control_folder": str(tmp_path / "control"), "polling_interval": 0}
    (tmp_path / "queue").mkdir()
    (tmp_path / "control").mkdir()
    received = []

    def write():
        with Connection("wholefiles://", transport_options=options) as connection:
            queue = connection.SimpleQueue("pulse")
            for number in range(MESSAGES):
                queue.put({"number": number})

    writer = threading.Thread(target=write)
    with Connection("wholefiles://", transport_options=options) as connection:
        queue = connection.SimpleQueue("pulse")
        queue.qsize()  # declared before the writer begins
        writer.start()
        while len(received) < MESSAGES:
            message = queue.get(timeout=10)
            received.append(message.payload["number"])
            message.ack()
    writer.join()

    assert sorted(received) == list(range(MESSAGES))
