using Utp.Transport.Datagrams;

namespace Utp.Transport.Sockets;

/// <content>The core notices when trains that the system is to cut do not arrive; the log says what can be done.</content>
internal sealed partial class UtpSocket
{
    private bool _hasReportedTrains;

    private void NoteSuspendedTrains()
    {
        if (!_hasReportedTrains && _core.Trains.SuspensionCount > 0)
        {
            _hasReportedTrains = true;
            DatagramLog.TrainsVanish(_logger, LocalEndPoint, _core.Trains.SuspensionMicros / 60_000_000);
        }
    }
}
