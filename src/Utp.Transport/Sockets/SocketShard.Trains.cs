using Utp.Transport.Datagrams;

namespace Utp.Transport.Sockets;

/// <content>The log message about trains that do not arrive when the system cuts them into datagrams. The core detects that.</content>
internal sealed partial class SocketShard
{
    private bool _hasLoggedTrains;

    private void LogSuspendedTrains()
    {
        if (!_hasLoggedTrains && _core.Trains.SuspensionCount > 0)
        {
            _hasLoggedTrains = true;
            DatagramLog.TrainsVanish(_logger, LocalEndPoint, _core.Trains.SuspensionMicros / 60_000_000);
        }
    }
}
